//! Turns the list of common passwords into sorted tables of MD5 digests.
//!
//! Clients send the MD5 of a password, never the password, so the server compares digests. Hashing the list here
//! keeps 60,000 hashes out of the program's start.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use md5::{Digest, Md5};

const LIST: &str = "data/common_passwords.txt";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={LIST}");
    println!("cargo::rerun-if-changed=build.rs");
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let target = env::var("OUT_DIR")?;

    let list = fs::read_to_string(Path::new(&root).join(LIST))?;
    write_table(&Path::new(&target).join("common_passwords.md5"), passwords(&list))?;
    write_table(&Path::new(&target).join("weak_fund_passwords.md5"), weak_six_digits())?;
    Ok(())
}

/// Every password as listed, trimmed, capitalised and in capitals: the list is in lower case, and a digest cannot
/// be folded when it is looked up.
fn passwords(list: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([String::new()]);
    for line in list.lines() {
        let trimmed = line.trim();
        found.insert(line.to_owned());
        found.insert(trimmed.to_owned());
        found.insert(trimmed.to_uppercase());
        let mut letters = trimmed.chars();
        if let Some(first) = letters.next() {
            found.insert(first.to_uppercase().chain(letters).collect());
        }
    }
    found
}

/// The six-digit numbers that everybody tries first: runs up and down (also across 9 and 0), one digit, pairs and
/// triples repeated.
fn weak_six_digits() -> BTreeSet<String> {
    let mut found = BTreeSet::from([String::new()]);
    for start in 0..10_u32 {
        for step in [1, 9] {
            found.insert((0..6).map(|place| ((start + place * step) % 10).to_string()).collect());
        }
    }
    // Repeated single digits are among the pairs (11 → 111111).
    found.extend((0..100).map(|pair| format!("{pair:02}").repeat(3)));
    found.extend((0..1000).map(|triple| format!("{triple:03}").repeat(2)));
    found
}

fn write_table(path: &Path, passwords: BTreeSet<String>) -> Result<(), Box<dyn Error>> {
    let digests: BTreeSet<[u8; 16]> =
        passwords.iter().map(|password| Md5::digest(password.as_bytes()).into()).collect();
    fs::write(path, digests.into_iter().flatten().collect::<Vec<u8>>())?;
    Ok(())
}

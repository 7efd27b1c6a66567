use proptest::prelude::*;

use super::*;

fn phone(area: &str, number: &str) -> Phone {
    Phone::parse(area, number).unwrap()
}

#[test]
fn oracle() {
    let text = std::fs::read_to_string("/tmp/cp/cases.tsv").unwrap();
    let (mut bad, mut n, mut badtype, mut notidem) = (0, 0, 0, 0);
    for line in text.lines() {
        let c: Vec<&str> = line.split('\t').collect();
        n += 1;
        let got = Phone::parse(c[0], c[1]);
        let nat = got.as_ref().map(|p| p.national.clone()).unwrap_or_default();
        if nat != c[2] {
            bad += 1;
            println!("NAT\t{line}\t{nat}");
        } else if let Ok(p) = got {
            let kind = format!("{:?}", p.line_type());
            if kind != c[3] || p.region().unwrap_or("") != c[4] {
                badtype += 1;
                println!("TYPE\t{line}\t{kind}\t{:?}", p.region());
            }
            if Phone::parse(&p.area, &p.national).as_ref() != Ok(&p) {
                notidem += 1;
                println!(
                    "IDEM\t{line}\t{:?}",
                    Phone::parse(&p.area, &p.national).map(|p| p.national)
                );
            }
        }
    }
    println!("TOTAL {n} bad {bad} badtype {badtype} notidem {notidem}");
}

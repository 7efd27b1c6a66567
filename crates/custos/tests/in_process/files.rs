//! Files: what is taken, what is refused, and who sees them.

use crate::common::{Backend, Client, Customer, DAY, HOUR, House, MINUTE, Reply, on_both};
use custos_customers::{data_key, files};
use custos_delivery::vault::Vault;
use custos_operations::files::remove_due;
use custos_store::params;
use image::{ImageFormat, Rgb, RgbImage};
use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpListener;

on_both!(
    a_picture_is_kept_and_shown_to_its_owner,
    a_link_is_of_one_file_and_of_a_quarter_of_an_hour,
    what_is_no_picture_is_refused,
    what_is_broken_or_a_bomb_is_refused,
    a_file_may_have_ten_mebibytes,
    forms_that_make_no_sense_are_refused,
    names_lead_nowhere,
    only_customers_hand_files_in,
    fifty_files_a_day,
    what_nothing_refers_to_goes_and_the_rest_stays,
    a_customers_key_is_the_key_to_their_files,
    files_lie_sealed,
    a_scanner_is_asked_first,
    an_operators_look_is_written_down,
    one_that_can_not_be_removed_holds_no_other_up,
);

const BOUNDARY: &str = "the-boundary";

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 6, Rgb([10, 200, 30])).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A form with parts of these names, file names and contents.
fn form(parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, file, content) in parts {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             content-type: image/png\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    form
}

fn post(client: &Client, form: &[u8]) -> Reply {
    client.post("/upload", &format!("multipart/form-data; boundary={BOUNDARY}"), form)
}

fn hands_in(client: &Client, file: &[u8]) -> Reply {
    post(client, &form(&[("object", "passport.png", file)]))
}

fn link(client: &Client, file: &[u8]) -> String {
    hands_in(client, file).data().as_str().unwrap().to_owned()
}

/// A picture that a customer hands in; says by which link they see it.
pub(crate) fn picture_of(client: &Client) -> String {
    link(client, &picture(ImageFormat::Png))
}

fn kept(house: &House) -> i64 {
    house.read(|tx| Ok(tx.value("SELECT count(*) FROM files", &[])?))
}

fn sweep(house: &House) {
    remove_due(house.store(), &Vault::Disk(house.files()), &|| false).unwrap();
}

/// What lies in the vault.
fn blobs(house: &House) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut open = vec![house.files()];
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => found.extend(std::fs::read(&path)),
        }
    }
    found
}

fn a_picture_is_kept_and_shown_to_its_owner(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for (format, told) in
        [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png"), (ImageFormat::WebP, "image/png")]
    {
        let link = link(&ada.home, &picture(format));
        // A page asks for it as it asks for any picture: without our headers.
        let (status, headers, bytes) = house.visitor().fetch(&link);
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, told));
        assert_eq!(headers["content-disposition"], "inline");
        assert_eq!(headers["cache-control"], "private, no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        let shown = image::load_from_memory(&bytes).unwrap();
        assert_eq!((shown.width(), shown.height()), (8, 6));
    }
    let pdf = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n";
    let (status, headers, bytes) = house.visitor().fetch(&link(&ada.home, pdf));
    assert_eq!((status, bytes.as_slice()), (200, &pdf[..]));
    assert_eq!(headers["content-disposition"], "attachment");
}

fn a_link_is_of_one_file_and_of_a_quarter_of_an_hour(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let (one, other) =
        (link(&ada.home, &picture(ImageFormat::Png)), link(&ada.home, &picture(ImageFormat::Jpeg)));
    let visitor = house.visitor();
    let path = |link: &str| link.split_once('?').unwrap().0.to_owned();
    let query = |link: &str| link.split_once('?').unwrap().1.to_owned();
    let until = |text: &str| text.split_once("until=").unwrap().1.split('&').next().unwrap().to_owned();
    let later = (until(&one).parse::<i64>().unwrap() + 1).to_string();
    for bad in [
        path(&one),
        format!("{}?{}", path(&other), query(&one)),
        one.replace(&until(&one), &later),
        format!("{one}0"),
        one.replace("/api/file/1/", "/api/file/2/"),
        one.replace("sign=", "sign=0"),
        format!("{}?until=9223372036854775807&sign=", path(&one)),
    ] {
        assert_eq!(visitor.fetch(&bad).0, 404, "{bad}");
    }
    house.advance(15 * MINUTE - 1);
    assert_eq!(visitor.fetch(&one).0, 200);
    house.advance(1);
    assert_eq!(visitor.fetch(&one).0, 404);
}

fn what_is_no_picture_is_refused(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for file in [
        &b""[..],
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04 a letter",
        b"MZ\x90\0 a program",
        b"\x7fELF",
        b" %PDF-1.4\n%%EOF",
        b"%PDF-1.4\n<</OpenAction 2 0 R>>\n%%EOF",
        b"%PDF-1.4\n%%EOF\nPK\x05\x06",
    ] {
        hands_in(&ada.home, file).is("GATEWAY_CODE_103");
    }
    // A picture and something else in one file: the picture stays, what else it was is gone.
    let mut two = picture(ImageFormat::Jpeg);
    two.extend_from_slice(b"<script>alert(1)</script>PK\x05\x06");
    let (_, _, bytes) = house.visitor().fetch(&link(&ada.home, &two));
    assert!(!bytes.windows(8).any(|window| window == b"<script>"));
    assert_eq!((kept(&house), blobs(&house).len()), (1, 1));
}

fn what_is_broken_or_a_bomb_is_refused(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let jpeg = picture(ImageFormat::Png);
    hands_in(&ada.home, &jpeg[..jpeg.len() / 2]).is("GATEWAY_CODE_103");
    // A few kilobytes that are a hundred million pixels.
    let mut bomb = Cursor::new(Vec::new());
    image::GrayImage::new(10_000, 10_000).write_to(&mut bomb, ImageFormat::Png).unwrap();
    let bomb = bomb.into_inner();
    assert!(bomb.len() < 1 << 20);
    hands_in(&ada.home, &bomb).is("GATEWAY_CODE_104");
    assert_eq!((kept(&house), blobs(&house).len()), (0, 0));
}

fn a_file_may_have_ten_mebibytes(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let mut file = b"%PDF-1.4\n".to_vec();
    file.resize(files::LARGEST_BYTES - 5, b' ');
    file.extend_from_slice(b"%%EOF");
    link(&ada.home, &file);
    file.insert(9, b' ');
    let reply = hands_in(&ada.home, &file);
    assert_eq!((reply.status, reply.code()), (413, "GATEWAY_CODE_015"));
    assert_eq!(kept(&house), 1);
}

fn forms_that_make_no_sense_are_refused(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let png = picture(ImageFormat::Png);
    post(&ada.home, &form(&[("file", "a.png", &png)])).is("CUSTOMER_API_0000501");
    post(&ada.home, &form(&[("object", "a", &png), ("object", "b", &png)])).is("GATEWAY_CODE_104");
    let many: Vec<(&str, &str, &[u8])> = vec![("x", "y", b"z"); 100];
    post(&ada.home, &form(&many)).is("GATEWAY_CODE_015");
    let whole = form(&[("object", "a.png", &png)]);
    post(&ada.home, &whole[..whole.len() - 20]).is("GATEWAY_CODE_015");
    post(&ada.home, b"").is("GATEWAY_CODE_015");
    ada.home.post("/upload", "multipart/form-data", &whole).is("GATEWAY_CODE_015");
    ada.home.post("/upload", "application/json", b"{}").is("GATEWAY_CODE_015");
    // Fields beside the file do no harm, and the connection is still good.
    post(&ada.home, &form(&[("type", "", b"1"), ("object", "a.png", &png)])).data();
    assert_eq!((kept(&house), blobs(&house).len()), (1, 1));
}

fn names_lead_nowhere(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let png = picture(ImageFormat::Png);
    for name in ["../../../../tmp/x.png", "/etc/passwd", "a\\..\\b", "%2e%2e%2f", "\u{202e}gnp.exe"] {
        post(&ada.home, &form(&[("object", name, &png)])).data();
    }
    assert_eq!((kept(&house), blobs(&house).len()), (5, 5));
    post(&ada.home, &form(&[("object", "x.png\0.html", &png)])).is("GATEWAY_CODE_015");
    for path in ["/api/file/1/../../keys.toml", "/api/file/1/%2e%2e", "/api/file/../1", "/api/file/1/x"] {
        let url = format!("http://{}{path}", house.address());
        assert!([400, 404].contains(&house.visitor().fetch(&url).0), "{path}");
    }
}

fn only_customers_hand_files_in(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let png = picture(ImageFormat::Png);
    hands_in(&house.visitor(), &png).is("GATEWAY_CODE_001");
    hands_in(&ada.home.with_token("none"), &png).is("GATEWAY_CODE_005");
    hands_in(&ada.home.with("companyId", None), &png).is("GATEWAY_CODE_003");
    hands_in(&ada.home.with("trace", None), &png).is("GATEWAY_CODE_004");
    hands_in(&ada.home.of_company(404), &png).is("CUSTOMER_API_0000111");
    assert_eq!(kept(&house), 0);
    let ben = house.customer();
    let link = link(&ada.home, &png);
    let id = files::id_in_link(&link).unwrap();
    let whose = |customer: &Customer| {
        let (company, customer) = (customer.company, customer.id);
        house.read(move |tx| Ok(files::owned(tx, company, customer, id)?))
    };
    assert!(whose(&ada) && !whose(&ben));
    let (company, other) = (ben.company, ben.id);
    let claimed = house.store().write_blocking(move |tx| files::claim(tx, company, other, id));
    assert!(claimed.is_err());
}

fn fifty_files_a_day(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (house.customer(), house.customer());
    let png = picture(ImageFormat::Png);
    for _ in 0..files::A_DAY {
        link(&ada.home, &png);
    }
    hands_in(&ada.home, &png).is("GATEWAY_CODE_018");
    link(&ben.home, &png);
    assert_eq!(kept(&house), files::A_DAY + 1);
    house.advance(DAY);
    link(&ada.home, &png);
}

fn what_nothing_refers_to_goes_and_the_rest_stays(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let (used, unused) =
        (link(&ada.home, &picture(ImageFormat::Png)), link(&ada.home, &picture(ImageFormat::Jpeg)));
    let id = files::id_in_link(&used).unwrap();
    let (company, customer) = (ada.company, ada.id);
    house.write(move |tx| Ok(files::claim(tx, company, customer, id)?));
    // One whose bytes were never written, as a crash leaves it.
    house.write(move |tx| {
        let reserved = files::reserve(tx, company, customer, files::kind::Kind::Png, 10)?;
        assert!(reserved.is_some());
        Ok(())
    });
    house.advance(DAY);
    let gone = files::id_in_link(&unused).unwrap();
    house.read(move |tx| {
        assert!(files::owned(tx, company, customer, id)? && !files::owned(tx, company, customer, gone)?);
        Ok(())
    });
    house.advance(HOUR);
    let due = house.read(|tx| Ok(files::due(tx, 10)?));
    assert_eq!(due.len(), 2);
    sweep(&house);
    assert_eq!((kept(&house), blobs(&house).len()), (1, 1));
    house.write(move |tx| Ok(files::give_up_all(tx, company, customer)?));
    sweep(&house);
    assert_eq!((kept(&house), blobs(&house).len()), (0, 0));
}

fn a_customers_key_is_the_key_to_their_files(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let link = link(&ada.home, &picture(ImageFormat::Png));
    assert_eq!(house.visitor().fetch(&link).0, 200);
    let (company, customer) = (ada.company, ada.id);
    house.write(move |tx| Ok(data_key::shred(tx, company, customer)?));
    assert_eq!(house.visitor().fetch(&link).0, 404);
}

fn files_lie_sealed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let link = link(&ada.home, b"%PDF-1.4\na very private word\n%%EOF");
    let [sealed] = blobs(&house).try_into().unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"private"));
    // Another file's bytes in its place are not taken for it.
    let other = self::link(&ada.home, b"%PDF-1.4\nsomething else\n%%EOF");
    let path = |link: &str| {
        let id = files::id_in_link(link).unwrap();
        house.files().join(format!("1/{:03x}/{id}", id & 0xfff))
    };
    std::fs::copy(path(&other), path(&link)).unwrap();
    assert_eq!(house.visitor().fetch(&link).0, 503);
}

/// A scanner that looks for the word `EICAR` and says what is found in these words, as clamd would.
fn scanner(found: &'static str, clean: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut command = [0; 10];
            stream.read_exact(&mut command).unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut file = Vec::new();
            loop {
                let mut length = [0; 4];
                stream.read_exact(&mut length).unwrap();
                let length = u32::from_be_bytes(length) as usize;
                if length == 0 {
                    break;
                }
                let begin = file.len();
                file.resize(begin + length, 0);
                stream.read_exact(&mut file[begin..]).unwrap();
            }
            let is_bad = file.windows(5).any(|window| window == b"EICAR");
            let verdict = if is_bad { found } else { clean };
            stream.write_all(verdict.as_bytes()).unwrap();
        }
    });
    address
}

fn a_scanner_is_asked_first(backend: Backend) {
    let house = House::open_with(backend, |config| {
        config.clamd = scanner("stream: Eicar-Test FOUND\0", "stream: OK\0")
    });
    let ada = house.customer();
    link(&ada.home, b"%PDF-1.4\nharmless\n%%EOF");
    hands_in(&ada.home, b"%PDF-1.4\nEICAR\n%%EOF").is("CUSTOMER_API_0001633");
    assert_eq!((kept(&house), blobs(&house).len()), (1, 1));
    // One that does not answer lets nothing through.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let house = House::open_with(backend, |config| config.clamd = closed);
    let ben = house.customer();
    hands_in(&ben.home, b"%PDF-1.4\nharmless\n%%EOF").is("GATEWAY_CODE_012");
    // And one that says something else is none either.
    let house = House::open_with(backend, |config| {
        config.clamd = scanner("", "INSTREAM size limit exceeded. ERROR\0")
    });
    hands_in(&house.customer().home, b"%PDF-1.4\nharmless\n%%EOF").is("GATEWAY_CODE_012");
    assert_eq!(kept(&house), 0);
}

fn an_operators_look_is_written_down(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = files::id_in_link(&link(&ada.home, &picture(ImageFormat::Png))).unwrap();
    let company = ada.company;
    let opened = house.write(move |tx| Ok(files::open_as_operator(tx, company, id, "staff:eve", "a case")?));
    assert_eq!(opened.unwrap().customer_id, ada.id);
    let looks: i64 = house.read(move |tx| {
        Ok(tx.value(
            "SELECT count(*) FROM audit_log WHERE company_id = $1 AND action = 'file.look' AND actor = 'staff:eve'",
            params![company],
        )?)
    });
    assert_eq!(looks, 1);
}

fn one_that_can_not_be_removed_holds_no_other_up(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let stuck = files::id_in_link(&link(&ada.home, &picture(ImageFormat::Png))).unwrap();
    // In the place of its blob stands something that no file is.
    let mut open = vec![house.files()];
    let mut found = None;
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => found = Some(path),
        }
    }
    let blob = found.unwrap();
    std::fs::remove_file(&blob).unwrap();
    std::fs::create_dir(&blob).unwrap();
    std::fs::write(blob.join("in the way"), b"").unwrap();
    house.advance(MINUTE);
    link(&ada.home, &picture(ImageFormat::Jpeg));
    house.advance(2 * DAY);
    sweep(&house);
    let left = house.read(|tx| Ok(tx.query("SELECT id FROM files", &[], |row| row.get::<i64>(0))?));
    assert_eq!(left, [stuck]);
    std::fs::remove_dir_all(&blob).unwrap();
    house.advance(2 * HOUR);
    sweep(&house);
    assert_eq!(kept(&house), 0);
}

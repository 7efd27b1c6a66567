//! The country of an address on the internet, read from a database in MaxMind's format.
//!
//! The database is the operator's: none is shipped. Without one, no address has a country.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use maxminddb::{Reader, path};

use crate::countries::{self, Country};

/// A country (or city) database, held in memory.
pub struct GeoIp {
    reader: Reader<Vec<u8>>,
}

impl GeoIp {
    /// Reads the database from this file. It is read whole, so the file may be replaced while the program runs.
    ///
    /// The error is a sentence for the operator.
    pub fn open(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let reader = Reader::from_source(bytes)
            .map_err(|error| format!("{}: not a MaxMind database: {error}", path.display()))?;
        Ok(Self { reader })
    }

    /// The country of this address, if the database knows it and ISO 3166 does too.
    pub fn country(&self, ip: IpAddr) -> Option<&'static Country> {
        // A listener for both families sees IPv4 callers as ::ffff:a.b.c.d.
        let found = self.reader.lookup(ip.to_canonical()).ok()?;
        let code: &str = found.decode_path(&path!["country", "iso_code"]).ok()??;
        countries::parse(code)
    }
}

impl fmt::Debug for GeoIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeoIp").field("database_type", &self.reader.metadata().database_type).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
    }

    fn country(geoip: &GeoIp, ip: &str) -> Option<&'static str> {
        geoip.country(ip.parse().unwrap()).map(|country| country.alpha2)
    }

    #[test]
    fn addresses_have_countries() {
        let geoip = GeoIp::open(&data("test.mmdb")).unwrap();
        assert_eq!(country(&geoip, "192.0.2.1"), Some("CN"));
        assert_eq!(country(&geoip, "192.0.2.255"), Some("CN"));
        assert_eq!(country(&geoip, "::ffff:192.0.2.1"), Some("CN"));
        assert_eq!(country(&geoip, "198.51.100.7"), Some("US"));
        assert_eq!(country(&geoip, "2001:db8:1::7"), Some("HK"));
    }

    #[test]
    fn other_addresses_have_none() {
        let geoip = GeoIp::open(&data("test.mmdb")).unwrap();
        // Outside every network; in a network without a country; with a code that is no country's.
        for ip in ["192.0.3.1", "127.0.0.1", "::1", "2001:db8:2::7", "198.51.100.200", "203.0.113.9"] {
            assert_eq!(country(&geoip, ip), None, "{ip}");
        }
    }

    #[test]
    fn files_that_are_no_database_are_refused() {
        assert!(GeoIp::open(&data("missing.mmdb")).unwrap_err().contains("missing.mmdb"));
        assert!(GeoIp::open(&data("countries.tsv")).unwrap_err().contains("not a MaxMind database"));
    }

    #[test]
    fn debug_output_is_short() {
        let geoip = GeoIp::open(&data("test.mmdb")).unwrap();
        assert_eq!(format!("{geoip:?}"), "GeoIp { database_type: \"Test-Country\" }");
    }
}

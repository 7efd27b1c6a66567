#!/usr/bin/env python3
"""Writes the data files of this folder that are derived from other projects' data.

Run by hand, when the sources have something new:

    pip install babel phonenumbers django mmdb_writer
    python generate.py

The results are committed, so that a build needs neither Python nor a network.
README.md in this folder names the sources and their licences.
"""

import gzip
import re
import unicodedata
from importlib import resources
from pathlib import Path

import django
import phonenumbers
from babel import Locale
from babel.core import get_global
from mmdb_writer import MMDBWriter
from netaddr import IPSet

HERE = Path(__file__).resolve().parent

# The languages of the names, in the order of the columns.
LOCALES = ["en", "zh_Hans", "zh_Hant_HK"]

# CLDR maps retired numbers to these countries as well; these are the ones in force.
CURRENT_NUMBERS = {"DE": 276, "ET": 231, "FR": 250, "SD": 729, "YE": 887}

# ISO 3166 leaves the numbers from here on to its users (CLDR has Kosovo and test regions there).
FIRST_PRIVATE_NUMBER = 900


def numeric_codes():
    """alpha-2 -> number, for every country that ISO 3166-1 assigns officially."""
    found = {}
    for alias, targets in get_global("territory_aliases").items():
        # An alias with several targets is a country that was divided.
        if alias.isdigit() and len(targets) == 1 and int(alias) < FIRST_PRIVATE_NUMBER:
            found.setdefault(targets[0], set()).add(int(alias))
    codes = {}
    for alpha2, numbers in found.items():
        number = CURRENT_NUMBERS.get(alpha2, min(numbers))
        if number not in numbers or (len(numbers) > 1 and alpha2 not in CURRENT_NUMBERS):
            raise SystemExit(f"{alpha2} has the numbers {numbers}: say which one is in force")
        codes[alpha2] = number
    return codes


def phone_rule(alpha2):
    """Calling code and the pattern of national mobile numbers; 0 and "" where there is none."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(alpha2)
    if metadata is None:
        return 0, ""
    pattern = metadata.mobile.national_number_pattern if metadata.mobile else None
    if not pattern:
        return metadata.country_code, ""
    # Front-ends hand the pattern to JavaScript's RegExp, so only what all dialects share may occur.
    if not re.fullmatch(r"[0-9d?:()|\[\]{},\\-]+", pattern) or re.search(r"\(\?[^:]", pattern):
        raise SystemExit(f"{alpha2}: not a plain pattern: {pattern}")
    return metadata.country_code, f"^(?:{pattern})$"


def sort_key(name):
    """Sorts "Åland" and "Côte d’Ivoire" where an English reader looks for them."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def write_countries():
    """countries.tsv: alpha-2, number, calling code, mobile pattern, names."""
    territories = [Locale.parse(locale).territories for locale in LOCALES]
    rows = []
    for alpha2, number in numeric_codes().items():
        calling_code, pattern = phone_rule(alpha2)
        names = [names[alpha2] for names in territories]
        rows.append([alpha2, f"{number:03}", str(calling_code), pattern, *names])
    rows.sort(key=lambda row: sort_key(row[4]))
    text = "".join("\t".join(row) + "\n" for row in rows)
    (HERE / "countries.tsv").write_text(text, encoding="utf-8")


def write_common_passwords():
    """common_passwords.txt: one password a line, the most common first."""
    packed = resources.files(django) / "contrib/auth/common-passwords.txt.gz"
    (HERE / "common_passwords.txt").write_bytes(gzip.decompress(packed.read_bytes()))


def write_test_geoip():
    """test.mmdb: a few networks reserved for documentation, given to countries at random."""
    writer = MMDBWriter(
        ip_version=6,
        database_type="Test-Country",
        languages=["en"],
        description="Artificial: documentation networks only",
        ipv4_compatible=True,
    )
    for network, alpha2 in [
        ("192.0.2.0/24", "CN"),
        ("198.51.100.0/25", "US"),
        ("203.0.113.0/24", "ZZ"),
        ("2001:db8:1::/48", "HK"),
    ]:
        writer.insert_network(IPSet([network]), {"country": {"iso_code": alpha2}})
    # A network of which the database knows something, but no country.
    writer.insert_network(IPSet(["198.51.100.128/25"]), {"continent": {"code": "EU"}})
    writer.to_db_file(str(HERE / "test.mmdb"))


if __name__ == "__main__":
    write_countries()
    write_common_passwords()
    write_test_geoip()

//! The dictionaries that every client loads first.

use crate::context::Context;
use crate::error::Result;
use crate::fields::Text;
use crate::operation::{Class, Guest, Operation};
use crate::{reply, request};
use custos_customers::countries::{self, Country};
use serde_json::Value;

reply! {
    /// An entry of a dictionary.
    pub struct DictionaryEntry {
        /// Its id.
        id: i64 = "id",
        /// The id of what it is an entry of.
        parent_id: i64 = "parentId",
        /// The code of what it is an entry of.
        parent_code: String = "parentCode",
        /// Its code.
        code: String = "code",
        /// Its name in the caller's language.
        name: String = "name",
        /// Its name in English.
        name_en: String = "nameEn",
        /// Its name as it is to be shown.
        display_name: String = "displayName",
        /// A country's calling code.
        country_code: String = "countryCode",
        /// A country's two letters.
        national_code: String = "nationalCode",
        /// A JavaScript regular expression for the country's mobile numbers; may be empty.
        extend: String = "extend",
        /// How it is shown.
        show_type: String = "showType",
        /// Its place in the list.
        sort: i64 = "sort",
        /// 1 enabled, 2 disabled: a country where the company serves no one.
        status: i64 = "status",
        /// When it was made, ms.
        create_time: i64 = "createTime",
        /// When it was changed, ms.
        update_time: i64 = "updateTime",
        /// 1 it has entries of its own, 2 not.
        has_leaf: i64 = "hasLeaf",
        /// Its own entries.
        childs: Vec<Value> = "childs",
    }
}

/// An entry with the fields that every dictionary has.
fn entry(id: i64, parent: (i64, &str), code: String, (name, name_en): (&str, &str)) -> DictionaryEntry {
    DictionaryEntry {
        id,
        parent_id: parent.0,
        parent_code: parent.1.to_owned(),
        code,
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        display_name: name.to_owned(),
        country_code: String::new(),
        national_code: String::new(),
        extend: String::new(),
        show_type: String::new(),
        sort: id,
        status: 1,
        create_time: 0,
        update_time: 0,
        has_leaf: 2,
        childs: Vec::new(),
    }
}

fn country_entry(country: &Country, place: usize, cx: &Context) -> DictionaryEntry {
    let restricted = cx
        .company
        .settings
        .restricted_countries
        .iter()
        .any(|code| countries::parse(code).is_some_and(|one| one.alpha2 == country.alpha2));
    let names = (country.name(&cx.lang), country.name("en-US"));
    DictionaryEntry {
        country_code: if country.calling_code == 0 {
            String::new()
        } else {
            country.calling_code.to_string()
        },
        national_code: country.alpha2.to_owned(),
        extend: country.phone_pattern.to_owned(),
        sort: i64::try_from(place).unwrap_or(0) + 1,
        status: if restricted { 2 } else { 1 },
        ..entry(i64::from(country.numeric), (-1, "-1"), country.code(), names)
    }
}

request! {
    /// Lists the countries, with names in the caller's language, calling codes and patterns of mobile numbers.
    pub struct Countries {
        /// The dictionary's code; every one that clients use means all countries.
        parent_code: Text<64> = "parentCode",
        /// Only countries whose name contains this.
        name: Option<Text<64>> = "name",
    }
}

impl Operation for Countries {
    const NAME: &'static str = "config.app.AppDictDubboService.getCountryListByParentCode";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<DictionaryEntry>> {
        let wanted = self.name.as_deref().unwrap_or("").to_lowercase();
        Ok(countries::all()
            .iter()
            .enumerate()
            .map(|(place, country)| country_entry(country, place, &cx))
            .filter(|entry| {
                wanted.is_empty()
                    || entry.name.to_lowercase().contains(&wanted)
                    || entry.name_en.to_lowercase().contains(&wanted)
            })
            .collect())
    }
}

/// Identity documents: the codes are spelt as clients have them.
const ID_CARD_TYPES: [(&str, [&str; 3]); 3] = [
    ("identity_card", ["Identity card", "身份证", "身份證"]),
    ("passport", ["Passport", "护照", "護照"]),
    ("drving_license", ["Driving licence", "驾驶证", "駕駛執照"]),
];

request! {
    /// Lists the entries of a dictionary: `phone_code`, `id_card_type`; others are empty.
    pub struct ByParentCode {
        /// The dictionary's code.
        parent_code: Text<64> = "parentCode",
    }
}

impl Operation for ByParentCode {
    const NAME: &'static str = "config.app.AppDictDubboService.getListByParentCode";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<DictionaryEntry>> {
        let parent = self.parent_code.0.as_str();
        Ok(match parent {
            "phone_code" => countries::all()
                .iter()
                .enumerate()
                .filter(|(_, country)| country.calling_code != 0)
                .map(|(place, country)| DictionaryEntry {
                    parent_code: parent.to_owned(),
                    ..country_entry(country, place, &cx)
                })
                .collect(),
            "id_card_type" => (1..)
                .zip(ID_CARD_TYPES)
                .map(|(id, (code, [english, simplified, traditional]))| {
                    let name = match cx.lang.as_str() {
                        "zh-CN" => simplified,
                        "zh-HK" | "zh-TW" => traditional,
                        _ => english,
                    };
                    entry(id, (0, parent), code.to_owned(), (name, english))
                })
                .collect(),
            _ => Vec::new(),
        })
    }
}

reply! {
    /// Where businesses may open accounts.
    pub struct BusinessCountriesReply {
        /// Codes of countries, with commas; empty for none.
        open_company_country: String = "openCompanyCountry",
    }
}

request! {
    /// Tells in which countries businesses may open accounts.
    pub struct BusinessCountries {}
}

impl Operation for BusinessCountries {
    const NAME: &'static str = "customer.app.KycWebApiService.findCompanyCountry";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = BusinessCountriesReply;

    async fn run(self, _: Guest, cx: Context) -> Result<BusinessCountriesReply> {
        let codes = cx.company.settings.business_countries.iter();
        let codes: Vec<String> = codes.filter_map(|code| countries::parse(code)).map(Country::code).collect();
        Ok(BusinessCountriesReply { open_company_country: codes.join(",") })
    }
}

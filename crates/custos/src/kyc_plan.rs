//! Plans of what a company asks of customers, as files.

use custos_customers::kyc::Plan;

/// What the demo's company asks.
const DEMO: &str = include_str!("demo_kyc.toml");

/// Reads a plan, TOML or JSON, and checks the whole of it.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn read(text: &str) -> Result<Plan, String> {
    let plan: Plan = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        toml::from_str(text).map_err(|error| error.to_string())?
    };
    plan.check()?;
    Ok(plan)
}

/// What the demo's company asks.
///
/// # Errors
/// It can't be read, which a test makes sure of.
pub(crate) fn demo() -> Result<Plan, String> {
    read(DEMO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_three_levels_and_asks_none_of_them_at_the_door() {
        let plan = demo().unwrap();
        let path = plan.path(0, 0, "CN").unwrap();
        let codes: Vec<&str> = path.levels.iter().map(|level| level.code.as_str()).collect();
        assert_eq!(codes, ["level_1", "level_2", "level_3"]);
        assert!(path.way_to("open_account").is_empty());
        assert_eq!(path.way_to("apply_credit_card").len(), 3);
        assert!(plan.path(1, 0, "CN").is_none());
    }

    #[test]
    fn the_best_fitting_path_is_taken() {
        let path = |code: &str, more: &str| {
            format!(
                "[[paths]]\ncode = \"{code}\"\n{more}\n[[paths.levels]]\ncode = \"l\"\nnames = {{}}\n\
                 elements = [{{ code = \"e\", names = {{}} }}]\n"
            )
        };
        let text = [
            path("all", ""),
            path("test", "group_type = 1"),
            path("china", "countries = [\"CN\"]"),
            path("both", "countries = [\"CN\"]\ngroup_type = 1"),
        ];
        let plan = read(&text.concat()).unwrap();
        for (group, country, due) in [
            (0, "US", "all"),
            (1, "US", "test"),
            (0, "ISO_3166_156", "china"),
            (1, "CN", "both"),
            (0, "?", "all"),
        ] {
            assert_eq!(plan.path(0, group, country).unwrap().code, due, "{group} {country}");
        }
    }

    #[test]
    fn wrong_plans_are_told_where() {
        let level = |level: &str, element: &str| {
            format!(
                "[[paths]]\ncode = \"p\"\n[[paths.levels]]\ncode = \"l\"\nnames = {{}}\n{level}\n\
                 elements = [{{ code = \"e\", names = {{}}, {element} }}]\n"
            )
        };
        for (text, word) in [
            (level("after = \"l\"", "optional = true"), "level l: after"),
            (level("scenes = [\"party\"]", "optional = true"), "no scene"),
            (level("", "extend = \"(\""), "element e: extend"),
            (level("", "extend = \"(a{1000}){1000}\""), "element e: extend"),
            (level("", "show = \"choice\""), "choices"),
            (level("", "with = \"passport\""), "inputGroup"),
            (level("", "with = \"library_card\""), "with"),
            (level("", "expiry = true"), "expiry"),
            (level("", "unknown = 1"), "unknown"),
            ("[[paths]]\ncode = \"p\"\nlevels = []\n".to_owned(), "levels"),
            ("{ \"paths\": [1] }".to_owned(), "expected"),
        ] {
            let told = read(&text).unwrap_err();
            assert!(told.contains(word), "{text}: {told}");
        }
    }
}

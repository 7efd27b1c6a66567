//! The table of operations in the documents: what the program answers, and a test that had a good answer of each.

use crate::process;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the table is.
const DOCUMENT: &str = "docs/operations-of-the-protocol.md";

/// The operations of the document that this product began with: none may be missing.
const CORE: [&str; 42] = [
    "bindAssertsPwd",
    "bindAssertsPwdMFA",
    "bindEmail",
    "bindLoginPwd",
    "bindPhone",
    "bindThirdAccount",
    "changeCountry",
    "changeCustomerAddressAndPostalCode",
    "changeEmail",
    "changeEmailMFA",
    "changeEmailV1v1v2",
    "changeLang",
    "changePhone",
    "changePhoneMFA",
    "changePhoneV1v1v2",
    "checkCustomerExist",
    "checkGoogleMFAStatus",
    "checkStatus",
    "destroy",
    "enableOrForbidMFA",
    "findCustomerInfo",
    "findCustomerLang",
    "findPhoneAndEmail",
    "findThirdAccountInfo",
    "firstSetEmail",
    "firstSetPhone",
    "firstTimeSettingLoginPassword",
    "forgetAssertsPwd",
    "forgetAssertsPwdMFA",
    "forgetAssertsPwdV1v1v2",
    "forgetLoginPwd",
    "groupList",
    "queryAccountAssetsInfo",
    "queryAccountById",
    "queryCustomerAssets",
    "queryCustomerAssetsInfo",
    "queryLatestBalanceOfUserAccountInExternalSystem",
    "queryLiabilitiesWaterByPage",
    "updateAssertsPwd",
    "updateAssertsPwdMFA",
    "updateLoginPwd",
    "updateLoginPwdMFA",
];
/// The service that they are of.
const CORE_SERVICE: &str = "customer.app.CustomerWebApiService.";

/// Which tests had a good answer of an operation.
type Answered = BTreeMap<String, BTreeSet<String>>;

/// What the tests wrote down while they ran; the directory is gone when this is.
pub(crate) struct Notes(PathBuf);

impl Notes {
    /// A directory for them.
    pub(crate) fn begin() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("custos-test-notes-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Has the tests of a command write there.
    pub(crate) fn wanted_from(&self, command: &mut Command) {
        command.env("CUSTOS_TEST_RECORD", &self.0);
    }

    fn read(&self) -> Result<Answered, String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.0.display());
        let mut answered = Answered::new();
        for file in std::fs::read_dir(&self.0).map_err(told)? {
            let text = std::fs::read_to_string(file.map_err(told)?.path()).map_err(told)?;
            for (operation, test) in text.lines().filter_map(|line| line.split_once('\t')) {
                answered.entry(operation.to_owned()).or_default().insert(test_in_words(test));
            }
        }
        Ok(answered)
    }

    /// What is missing after a run of all tests: operations that no test had a good answer of, or without a line in the
    /// table. With `write` the table is written first.
    pub(crate) fn judge(&self, program: &Path, write: bool) -> Result<Vec<String>, String> {
        let lines = process::output(Command::new(program).args(["openapi", "--lines"]))?;
        let operations: Vec<Operation<'_>> = lines.lines().filter_map(Operation::read).collect();
        let path = crate::root().join(DOCUMENT);
        let answered = self.read()?;
        if write {
            std::fs::write(&path, table(&operations, &answered)).map_err(|error| error.to_string())?;
        }
        let written = std::fs::read_to_string(&path).map_err(|error| format!("{DOCUMENT}: {error}"))?;
        Ok(problems(&operations, &answered, &written))
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `in_process::capital::sqlite::a_key` → `capital.rs::a_key`, the form in which documents name tests.
fn test_in_words(test: &str) -> String {
    let parts: Vec<&str> = test.split("::").filter(|part| !["sqlite", "postgres"].contains(part)).collect();
    match parts.as_slice() {
        [.., file, name] => format!("{file}.rs::{name}"),
        _ => test.to_owned(),
    }
}

/// One line of what the program says it answers.
struct Operation<'a> {
    name: &'a str,
    access: &'a str,
    topic: &'a str,
    about: &'a str,
}

impl<'a> Operation<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            name: fields.next()?,
            access: fields.next()?,
            topic: fields.next()?,
            about: fields.next()?,
        })
    }

    fn is_core(&self) -> bool {
        self.name.strip_prefix(CORE_SERVICE).is_some_and(|name| CORE.contains(&name))
    }

    /// The cell that begins its line of the table.
    fn cell(&self) -> String {
        format!("| `{}` |", self.name)
    }
}

fn table(operations: &[Operation<'_>], answered: &Answered) -> String {
    let mut text = String::from(
        "# Operations\n\nWritten by `cargo xtask test --write-operations` out of the program and of a run of all tests; each \
         line names one test that had a good answer. A whole run fails when there is an operation that no test had a good \
         answer of, or none of these lines for it. Fields and limits are in the API reference at `/docs`.\n",
    );
    let mut section = |title: &str, wanted: &dyn Fn(&Operation<'_>) -> bool| {
        let rows: Vec<&Operation<'_>> = operations.iter().filter(|operation| wanted(operation)).collect();
        // Writing into a String can't fail.
        let _ = write!(
            text,
            "\n## {title} ({})\n\n| operation | who | what | a test |\n| --- | --- | --- | --- |\n",
            rows.len()
        );
        for row in rows {
            let tests = answered.get(row.name).into_iter().flatten();
            // The shortest name is mostly the plainest case.
            let test = tests.min_by_key(|test| (test.len(), (*test).clone()));
            let test = test.map_or_else(String::new, |test| format!("`{test}`"));
            let _ = writeln!(
                text,
                "{} {} | {} | {test} |",
                row.cell(),
                row.access,
                row.about.replace('|', "\\|")
            );
        }
    };
    section("The 42 of the customer service", &|operation| operation.is_core());
    let is_office = |operation: &Operation<'_>| operation.name.contains(".admin.");
    let others = |operation: &Operation<'_>| !operation.is_core() && !is_office(operation);
    for topic in topics(operations, &others) {
        section(topic, &|operation| others(operation) && operation.topic == topic);
    }
    for topic in topics(operations, &is_office) {
        section(&format!("Back office: {topic}"), &|operation| {
            is_office(operation) && operation.topic == topic
        });
    }
    text
}

/// The topics of some operations, in their order.
fn topics<'a>(operations: &[Operation<'a>], wanted: &dyn Fn(&Operation<'_>) -> bool) -> Vec<&'a str> {
    let mut topics = Vec::new();
    for operation in operations.iter().filter(|operation| wanted(operation)) {
        if !topics.contains(&operation.topic) {
            topics.push(operation.topic);
        }
    }
    topics
}

fn problems(operations: &[Operation<'_>], answered: &Answered, written: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for name in CORE {
        if !operations.iter().any(|operation| operation.name.strip_prefix(CORE_SERVICE) == Some(name)) {
            problems.push(format!("{name}: one of the 42, and the program does not know it"));
        }
    }
    for operation in operations {
        if !answered.contains_key(operation.name) {
            problems.push(format!("{}: no test had a good answer of it", operation.name));
        }
        if !written.contains(&operation.cell()) {
            problems.push(format!(
                "{}: not in {DOCUMENT}; `cargo xtask test --write-operations` writes it",
                operation.name
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(names: &[&str]) -> Answered {
        names.iter().map(|name| ((*name).to_owned(), BTreeSet::from(["a.rs::b".to_owned()]))).collect()
    }

    #[test]
    fn a_test_is_named_as_documents_name_it() {
        assert_eq!(test_in_words("in_process::capital::sqlite::a_key"), "capital.rs::a_key");
        assert_eq!(test_in_words("loans::postgres::interest"), "loans.rs::interest");
    }

    #[test]
    fn what_no_test_had_an_answer_of_is_told() {
        let lines: Vec<String> =
            CORE.iter().map(|name| format!("{CORE_SERVICE}{name}\tguest\tT\tDoes.")).collect();
        let mut operations: Vec<Operation<'_>> =
            lines.iter().filter_map(|line| Operation::read(line)).collect();
        let names: Vec<&str> = operations.iter().map(|operation| operation.name).collect();
        let all = answered(&names);
        let written = table(&operations, &all);
        assert!(written.contains("(42)") && written.contains("`a.rs::b`"));
        assert!(problems(&operations, &all, &written).is_empty());
        assert_eq!(problems(&operations, &answered(&names[1..]), &written).len(), 1);
        assert_eq!(problems(&operations, &all, "").len(), 42);
        let other = Operation::read("x.y\tcustomer\tOther\tWhat.").unwrap();
        operations.push(other);
        assert_eq!(problems(&operations, &all, &written).len(), 2);
        operations.remove(0);
        operations.pop();
        assert_eq!(problems(&operations, &all, &written).len(), 1);
    }
}

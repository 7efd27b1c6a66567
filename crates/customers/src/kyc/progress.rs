//! How far a customer has come.

use super::plan::{Level, OPENING, Path, path_of};
use super::values::Values;
use super::{Application, State, apply, find_plan, key_of, of_customer};
use crate::customer::Customer;
use crate::data_key;
use crate::error::Result;
use custos_store::Tx;

/// Where a level, or a scene, stands for its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was submitted, or what was has expired.
    Open = 0,
    /// A decision is due.
    InReview = 1,
    /// Passed, or nothing is asked.
    Passed = 2,
    /// Rejected.
    Rejected = 3,
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        match state {
            State::Draft | State::Expired => Self::Open,
            State::Submitted | State::InReview => Self::InReview,
            State::Passed => Self::Passed,
            State::Rejected | State::RejectedForGood => Self::Rejected,
        }
    }
}

/// What is asked of a customer, and what they have told.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// What is asked; none where nothing is.
    pub path: Option<Path>,
    /// What was told, of this path's kind.
    pub applications: Vec<Application>,
    /// The scenes that are asked of others, where nothing is asked of this kind of customers: they are not open to them.
    pub closed: Vec<String>,
}

/// How far a customer has come as what they registered as, or as another type.
///
/// # Errors
/// The store's.
pub fn progress(
    tx: &mut Tx<'_>,
    customer: &Customer,
    asked: (Option<i64>, Option<&str>),
) -> Result<Progress> {
    let plan = find_plan(tx, customer.company_id)?;
    if plan.paths.is_empty() {
        return Ok(Progress::default());
    }
    let group_type = apply::group_type(tx, customer)?;
    let Some(path) = path_of(&plan, customer, group_type, asked).cloned() else {
        let levels = plan.paths.into_iter().flat_map(|path| path.levels);
        let closed = levels.flat_map(|level| level.scenes).collect();
        return Ok(Progress { closed, ..Progress::default() });
    };
    let mut applications = of_customer(tx, customer.company_id, customer.id)?;
    applications.retain(|one| one.open_account_type == path.open_account_type);
    Ok(Progress { path: Some(path), applications, closed: Vec::new() })
}

impl Progress {
    /// The application for a level.
    #[must_use]
    pub fn application(&self, level: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.level == level)
    }

    /// Where a level stands.
    #[must_use]
    pub fn of_level(&self, level: &Level) -> Standing {
        self.application(&level.code).map_or(Standing::Open, |one| one.state.into())
    }

    /// The levels on the way to a scene.
    #[must_use]
    pub fn way_to(&self, scene: &str) -> Vec<&Level> {
        self.path.as_ref().map_or_else(Vec::new, |path| path.way_to(scene))
    }

    /// The levels on the way to a scene that are not passed.
    #[must_use]
    pub fn still_to_do(&self, scene: &str) -> Vec<&Level> {
        let mut way = self.way_to(scene);
        way.retain(|level| self.of_level(level) != Standing::Passed);
        way
    }

    /// Whether a scene is open, or where the first level on the way to it stands.
    #[must_use]
    pub fn of_scene(&self, scene: &str) -> Standing {
        if self.closed.iter().any(|closed| closed == scene) {
            return Standing::Open;
        }
        self.still_to_do(scene).first().map_or(Standing::Passed, |level| self.of_level(level))
    }

    /// The field `kycStatus`: 1 not submitted, 2 in review, 3 rejected, 4 all passed, -1 some or none asked. What is
    /// going on counts before what is done.
    #[must_use]
    pub fn status(&self) -> i64 {
        let Some(path) = &self.path else { return -1 };
        let all: Vec<Standing> = path.levels.iter().map(|level| self.of_level(level)).collect();
        if all.contains(&Standing::InReview) {
            2
        } else if all.contains(&Standing::Rejected) {
            3
        } else if all.iter().all(|one| *one == Standing::Passed) {
            4
        } else if all.contains(&Standing::Passed) {
            -1
        } else {
            1
        }
    }

    /// Why the first level on the way to a scene was rejected; empty where it was not.
    #[must_use]
    pub fn remark(&self, scene: &str) -> &str {
        let level = self.still_to_do(scene).first().copied();
        level
            .and_then(|level| self.application(&level.code))
            .filter(|one| Standing::from(one.state) == Standing::Rejected)
            .map_or("", |one| one.remark.as_str())
    }

    /// What the customer told for each level.
    ///
    /// # Errors
    /// It can't be opened, or the store's.
    pub fn values(&self, tx: &mut Tx<'_>) -> Result<Vec<(String, Values)>> {
        let Some(first) = self.applications.first() else { return Ok(Vec::new()) };
        let Some(key) = data_key::find(tx, first.company_id, first.customer_id)? else {
            return Ok(Vec::new());
        };
        self.applications.iter().map(|one| Ok((one.level.clone(), one.values(&key)?))).collect()
    }
}

/// Where account opening stands.
#[must_use]
pub fn opening(progress: &Progress) -> (Standing, &str) {
    (progress.of_scene(OPENING), progress.remark(OPENING))
}

/// Whether the company asks for KYC at account opening.
#[must_use]
pub fn opening_asked(progress: &Progress) -> bool {
    !progress.way_to(OPENING).is_empty()
}

/// The kind and number of the identity document that was found true, if there is one.
///
/// # Errors
/// It can't be opened, or the store's.
pub fn document(tx: &mut Tx<'_>, progress: &Progress) -> Result<Option<(String, String)>> {
    let Some(path) = &progress.path else { return Ok(None) };
    for level in &path.levels {
        let asked = level.elements.iter().find(|element| element.document);
        let found = progress.application(&level.code).filter(|one| one.state == State::Passed);
        let (Some(element), Some(application)) = (asked, found) else { continue };
        let Some(key) = key_of(tx, application)? else { return Ok(None) };
        let values = application.values(&key)?;
        let told = super::CARD_TYPES.into_iter().find_map(|kind| Some((kind, values.get(kind)?)));
        let told = told.or_else(|| values.get(&element.code).map(|number| ("", number)));
        if let Some((kind, number)) = told {
            return Ok(Some((kind.to_owned(), number.clone())));
        }
    }
    Ok(None)
}

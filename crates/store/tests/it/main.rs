//! The store on both engines, as the rules see it.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod chores;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod generations;
#[cfg(test)]
mod instant;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod model;
#[cfg(test)]
mod parallel;
#[cfg(test)]
mod postgres_faults;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod sent;
#[cfg(test)]
mod units;

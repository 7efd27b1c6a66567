//! Values on their way into and out of a statement: integers, texts, bytes, nothing else.

use crate::{Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A statement's parameter, borrowed from the rule.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    /// NULL of whatever type the statement wants.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA.
    Bytes(&'a [u8]),
}

/// A parameter that outlives the rule's statement.
#[derive(Debug)]
pub(crate) enum OwnedParam {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl OwnedParam {
    pub(crate) fn of(param: Param<'_>) -> Self {
        match param {
            Param::Null => Self::Null,
            Param::Int(value) => Self::Int(value),
            Param::Text(value) => Self::Text(value.to_owned()),
            Param::Bytes(value) => Self::Bytes(value.to_owned()),
        }
    }

    pub(crate) fn borrowed(&self) -> Param<'_> {
        match self {
            Self::Null => Param::Null,
            Self::Int(value) => Param::Int(*value),
            Self::Text(value) => Param::Text(value),
            Self::Bytes(value) => Param::Bytes(value),
        }
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<i32> for Param<'_> {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<u32> for Param<'_> {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}
impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}
impl<'a> From<&'a Vec<u8>> for Param<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}
impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
impl<'a> From<&'a Option<String>> for Param<'a> {
    fn from(value: &'a Option<String>) -> Self {
        value.as_ref().map_or(Self::Null, |text| Self::Text(text))
    }
}

impl Param<'_> {
    /// Whether PostgreSQL takes it for a parameter of this type. Eight letters would pass for an integer.
    pub(crate) fn fits(&self, ty: &Type) -> bool {
        match self {
            Self::Null => <Self as ToSql>::accepts(ty),
            Self::Int(_) => *ty == Type::INT8,
            Self::Text(_) => *ty == Type::TEXT,
            Self::Bytes(_) => *ty == Type::BYTEA,
        }
    }
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if self.fits(ty) => value.to_sql(ty, out),
            Self::Text(value) if self.fits(ty) => value.to_sql(ty, out),
            Self::Bytes(value) if self.fits(ty) => value.to_sql(ty, out),
            Self::Int(_) => Err(format!("an integer where {ty} is wanted").into()),
            Self::Text(_) => Err(format!("a text where {ty} is wanted").into()),
            Self::Bytes(_) => Err(format!("bytes where {ty} is wanted").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INT8 || *ty == Type::TEXT || *ty == Type::BYTEA
    }

    to_sql_checked!();
}

/// One row of an answer.
pub struct Row<'r>(pub(crate) Raw<'r>);

pub(crate) enum Raw<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Pg(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of column `index`, counted from 0.
    ///
    /// # Errors
    /// The column is not there or of another type.
    pub fn get<T: Column>(&self, index: usize) -> Result<T> {
        match &self.0 {
            Raw::Sqlite(row) => T::from_sqlite(row, index),
            Raw::Pg(row) => T::from_pg(row, index),
        }
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    #[doc(hidden)]
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> Result<Self>;
    #[doc(hidden)]
    fn from_pg(row: &tokio_postgres::Row, index: usize) -> Result<Self>;
}

macro_rules! column {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> Result<Self> {
                Ok(row.get(index)?)
            }
            fn from_pg(row: &tokio_postgres::Row, index: usize) -> Result<Self> {
                row.try_get(index).map_err(|error| Error::Internal(error.to_string()))
            }
        }
    )*};
}
column!(i64, String, Vec<u8>, Option<i64>, Option<String>, Option<Vec<u8>>);

impl Column for bool {
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> Result<Self> {
        Ok(i64::from_sqlite(row, index)? != 0)
    }
    fn from_pg(row: &tokio_postgres::Row, index: usize) -> Result<Self> {
        Ok(i64::from_pg(row, index)? != 0)
    }
}

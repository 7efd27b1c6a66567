//! custos-operations

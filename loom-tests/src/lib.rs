//! The models.

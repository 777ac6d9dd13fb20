//! Whatever happens, the record is what runs, once things are quiet.

mod histories;

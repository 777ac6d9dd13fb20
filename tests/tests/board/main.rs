//! The board: what it shows of the account, what its buttons do, and what it makes of what it cannot understand.

mod actions;
mod pages;
mod press;
mod unreadable;

//! Plays: whole conversations over real sockets against the real server, store, classifier and content.

mod house;

mod actions;
mod answering;
mod delivery;
mod edge;
mod handing_off;
mod identity;
mod killing;
mod learning;
mod mail;
mod migrations;
mod money;
mod polling;
mod postgres;
mod store_story;
mod two_nodes;

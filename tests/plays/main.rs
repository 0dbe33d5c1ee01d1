//! Plays: whole conversations over real sockets against the real server, store, classifier and content.

mod house;
#[path = "../support/mod.rs"]
mod support;

mod actions;
mod answering;
mod console;
mod damage;
mod delivery;
mod edge;
mod frames;
mod goodwill;
mod handing_off;
mod http;
mod identity;
mod killing;
mod learning;
mod localstripe;
mod mail;
mod metrics;
mod migrations;
mod money;
mod openapi;
mod pages;
mod permissions;
mod polling;
mod postgres;
mod reference;
mod settling;
mod shop;
mod starting;
mod store_story;
mod strangers;
mod stripe;
mod stripe_shapes;
mod two_nodes;

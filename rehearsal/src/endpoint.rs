//! The account's AWS endpoint on loopback: what `AWS_ENDPOINT_URL` points at.
//!
//! Every service is at the root path, as the SDKs and the AWS CLI expect of one endpoint for all. Requests
//! go to [`Account::handle`] as they come.

use std::io;
use std::net::SocketAddr;

use tokio::sync::watch;

use crate::account::Account;
use crate::account::network::{Stop, bind, serve};

/// An open endpoint. Closes when dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    stop: watch::Sender<Stop>,
}

impl Endpoint {
    /// Opens the account's endpoint on this port of 127.0.0.1, or on any free one for 0.
    pub fn open(account: &Account, port: u16) -> io::Result<Self> {
        let listener = bind(port)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(Stop::Never);
        account.stacks().reached_at(&format!("http://{address}"));
        let account = account.clone();
        serve(listener, stopped, move |request| {
            let account = account.clone();
            async move { account.handle(request).await }
        })?;
        Ok(Self { address, stop })
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::AtOnce);
    }
}

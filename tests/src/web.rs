//! What probes ask, and what answers in the account's place.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use greenlight_deployer::probe::Probe;
use http::{Request, Response};
use rehearsal::account::Account;

/// What comes back of a request.
#[derive(Debug)]
pub enum Reply {
    /// What the account answers.
    Usual,
    /// This.
    Answer(Response<Bytes>),
    /// Nothing, ever.
    Never,
    /// The probe panics.
    Panic,
}

type Instead = Box<dyn Fn(&Request<Bytes>) -> Reply + Send + Sync>;

/// The network of the probes, which keeps what was asked.
#[derive(Clone, Default)]
pub struct Web(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asked: Vec<Request<Bytes>>,
    instead: Option<Instead>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// From now on this says what comes back.
    pub fn replies(&self, instead: impl Fn(&Request<Bytes>) -> Reply + Send + Sync + 'static) {
        self.0.lock().unwrap().instead = Some(Box::new(instead));
    }

    /// The requests that were sent, oldest first.
    pub fn asked(&self) -> Vec<Request<Bytes>> {
        self.0.lock().unwrap().asked.clone()
    }

    fn reply(&self, request: &Request<Bytes>) -> Reply {
        let mut state = self.0.lock().unwrap();
        state.asked.push(request.clone());
        let instead = state.instead.as_ref();
        instead.map_or(Reply::Usual, |instead| instead(request))
    }

    /// Asks over the account's virtual network.
    pub(crate) fn probe(&self, account: &Account) -> Probe {
        let (account, web) = (account.clone(), self.clone());
        Probe::simulated(move |request| {
            let (account, web) = (account.clone(), web.clone());
            Box::pin(async move {
                match web.reply(&request) {
                    Reply::Answer(answer) => return Ok(answer),
                    Reply::Never => std::future::pending().await,
                    Reply::Panic => panic!("index out of range"),
                    Reply::Usual => {}
                }
                let uri = request.uri().clone();
                let answer = account.request(uri, request).await;
                answer.map_err(|error| error.to_string())
            })
        })
    }
}

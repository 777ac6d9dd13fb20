//! A request's way through a listener: to a target group by weight, to a target in turn, and back.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::{Account, Address, metrics};
use crate::account::network::{Unanswered, exchange};

/// How long an application load balancer waits for a target.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// The listener that has a DNS name and port, by its ARN.
pub(crate) fn listener_at(account: &Account, host: &str, port: u16) -> Option<String> {
    let state = account.state();
    let balancer = state
        .elb
        .load_balancers
        .iter()
        .find(|balancer| balancer.dns_name == host)?;
    let mut listeners = state.elb.listeners.iter();
    let listener = listeners.find(|it| it.load_balancer_arn == balancer.arn && it.port == port)?;
    Some(listener.arn.clone())
}

/// Answers a request as the listener's load balancer does: 503 if there is nobody to ask, 502 and 504 if
/// whoever was asked does not answer.
pub(crate) async fn route(
    account: &Account,
    listener_arn: &str,
    request: Request<Bytes>,
) -> Response<Bytes> {
    let Some(request_under_way) = RequestUnderWay::begin(account, listener_arn) else {
        if let Some(load_balancer) = load_balancer_of(account, listener_arn) {
            metrics::unroutable(account, &load_balancer);
        }
        return gateway(StatusCode::SERVICE_UNAVAILABLE);
    };
    let answer = exchange(account, &request_under_way.address, request, IDLE_TIMEOUT).await;
    let RequestUnderWay {
        load_balancer_arn,
        target_group_arn,
        ..
    } = &request_under_way;
    metrics::routed(account, load_balancer_arn, target_group_arn, &answer);
    match answer {
        Ok(response) => response,
        Err(Unanswered::Refused) => gateway(StatusCode::BAD_GATEWAY),
        Err(Unanswered::TimedOut) => gateway(StatusCode::GATEWAY_TIMEOUT),
    }
}

fn load_balancer_of(account: &Account, listener_arn: &str) -> Option<String> {
    let state = account.state();
    let mut listeners = state.elb.listeners.iter();
    let listener = listeners.find(|listener| listener.arn == listener_arn)?;
    Some(listener.load_balancer_arn.clone())
}

fn gateway(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("<html><h1>{status}</h1></html>")));
    *response.status_mut() = status;
    response
}

/// Keeps a draining target from leaving while it answers a request.
struct RequestUnderWay {
    account: Account,
    load_balancer_arn: String,
    target_group_arn: String,
    registration: u64,
    address: Address,
}

impl RequestUnderWay {
    /// Chooses a target and counts the request, in one step.
    fn begin(account: &Account, listener_arn: &str) -> Option<Self> {
        let mut state = account.state();
        let listener = state
            .elb
            .listeners
            .iter_mut()
            .find(|listener| listener.arn == listener_arn)?;
        let load_balancer_arn = listener.load_balancer_arn.clone();
        let target_group_arn = listener.shares.next()?;
        let target = state.elb.target_group_mut(&target_group_arn)?.next()?;
        target.in_flight += 1;
        let (registration, address) = (target.registration, target.address.clone());
        Some(Self {
            account: account.clone(),
            load_balancer_arn,
            target_group_arn,
            registration,
            address,
        })
    }
}

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        let mut state = self.account.state();
        let group = state.elb.target_group_mut(&self.target_group_arn);
        if let Some(target) = group.and_then(|group| group.registered(self.registration)) {
            target.in_flight -= 1;
            if target.in_flight == 0 {
                target.idle.notify_waiters();
            }
        }
    }
}

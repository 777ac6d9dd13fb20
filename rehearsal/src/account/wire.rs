//! The door of the account: an HTTP request in, an HTTP response out.
//!
//! Finds the service and operation of a request (AWS-FACTS 0), who calls, and whether that is allowed;
//! the services' modules do the rest. Signatures are not checked: that is the SDK's business.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;

use super::iam::needs;
use super::scope::Scope;
use super::service::{Protocol, Service};
use super::{
    Account, ServiceError, cbor, cloudformation, cloudwatch, codedeploy, codepipeline, dynamodb,
    ecr, ecs, elb, iam, lambda, logs, query, queue, s3, secretsmanager, ssm, sts,
};

/// How an answer is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Json,
    Cbor,
}

/// A request, as far as it is the same in every protocol.
struct Asked {
    service: Service,
    operation: String,
    input: Value,
}

impl Account {
    /// Answers one AWS API call, exactly as it comes over the wire; and what a call gave the URL of.
    ///
    /// The caller is told by the access key id in the `Authorization` header, see
    /// [`add_caller`](Self::add_caller); an unknown key is the operator's.
    #[expect(clippy::too_many_lines, reason = "one arm for each service")]
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if let Some(layer) = ecr::layer(self, &request) {
            return layer;
        }
        if let Some(taken) = cloudformation::answered(self, "", &request) {
            return taken;
        }
        let scope = Scope::of(&request);
        let caller = self.caller(scope);
        if scope.is_some_and(|scope| scope.service == "s3") {
            return self.handle_s3(caller, &request).await;
        }
        let request_id = request_id(&self.unique());
        if lambda::is_meant(&request) {
            return self.handle_lambda(caller, &request, &request_id).await;
        }
        let layout = if header(&request, cbor::PROTOCOL.0).is_some() {
            Layout::Cbor
        } else {
            Layout::Json
        };
        let Asked {
            service,
            operation,
            input,
        } = match read(&request) {
            Ok(asked) => asked,
            Err(error) => {
                return layout.answer(error.status, &error.to_json(), &request_id);
            }
        };
        let asks = (service, operation.as_str(), &input);
        let refusal = self.refusal(&caller, &request, asks, (None, None));
        if service == Service::DynamoDb && refusal.is_none() {
            let response = dynamodb::handle(self, &request).await;
            let output = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
            let answer = (response.status().as_u16(), output);
            self.journal()
                .call(caller, service.name(), operation, input, answer);
            return response;
        }
        let result = if let Some(refusal) = refusal {
            Err(refusal)
        } else {
            let input = input.clone();
            match service {
                Service::CloudWatch => cloudwatch::handle(self, &operation, &input),
                Service::CodeDeploy => codedeploy::handle(self, &operation, input),
                Service::CodePipeline => codepipeline::handle(self, &operation, &input),
                Service::Ecr => {
                    let asked = ecr::Asked::by(self, &request);
                    ecr::handle(self, &asked, &operation, &input)
                }
                Service::Ecs => {
                    let principal = sts::principal(self, &caller);
                    ecs::handle_by(self, &principal, &operation, input)
                }
                Service::Elb => elb::handle(self, &operation, &input),
                Service::Events => self.events().handle(&operation, &input),
                Service::Iam => iam::handle(self, &operation, &input),
                Service::Logs => logs::handle(self, &operation, &input),
                Service::SecretsManager => secretsmanager::handle(self, &operation, &input),
                Service::Sqs => queue::api::handle(self, &operation, &input).await,
                Service::Ssm => ssm::handle(self, &operation, &input),
                Service::Sts => {
                    let key = scope.map(|scope| scope.key);
                    sts::handle(self, &caller, key, &operation, &input)
                }
                Service::DynamoDb | Service::Lambda | Service::S3 => {
                    Err(ServiceError::unknown_operation(service.name(), &operation))
                }
            }
        };
        let status = result.as_ref().map_or_else(|error| error.status, |_| 200);
        let output = result
            .as_ref()
            .map_or_else(ServiceError::to_json, Clone::clone);
        self.journal().call(
            caller,
            service.name(),
            operation.clone(),
            input,
            (status, output.clone()),
        );
        if let Protocol::Query(namespace) = service.protocol() {
            let body = match &result {
                Ok(output) => query::answer(namespace, &operation, output, &request_id),
                Err(error) => query::error(namespace, error, &request_id),
            };
            return respond(status, "text/xml", body, &request_id);
        }
        let mut response = layout.answer(status, &output, &request_id);
        if let (Protocol::QueryCompatible, Err(error)) = (service.protocol(), &result) {
            let blame = if status < 500 { "Sender" } else { "Receiver" };
            let text = format!("{};{blame}", queue::api::query_code(&error.code));
            if let Ok(text) = header::HeaderValue::from_str(&text) {
                response.headers_mut().insert("x-amzn-query-error", text);
            }
        }
        response
    }

    async fn handle_s3(&self, caller: String, request: &Request<Bytes>) -> Response<Bytes> {
        let call = match s3::read(request) {
            Ok(call) => call,
            Err(error) => return s3::error(&error, request),
        };
        let (bucket, object) = call.object();
        let touches = (bucket, object.as_deref());
        let input = call.input();
        let lists = needs::Call {
            account: self,
            region: self.region_of(request),
            service: Service::S3,
            operation: "ListBucket",
            input: &input,
        };
        let may_list = !self.is_denied(&caller, Service::S3, "ListBucket")
            && self.may_touch(request, Service::S3, "ListBucket", touches)
            && iam::allows(self, &caller, &lists);
        let asks = (Service::S3, call.action(), &input);
        let refusal = self.refusal(&caller, request, asks, touches);
        let (response, output) = if let Some(refusal) = refusal {
            (s3::error(&refusal, request), refusal.to_json())
        } else {
            let response = s3::handle(self, &call, request, may_list).await;
            let output = s3::output(&call, &response);
            if output["__type"] == "NoSuchKey" {
                iam::note(self, &caller, &lists);
            }
            (response, output)
        };
        self.journal().call(
            caller,
            Service::S3.name(),
            call.operation.to_owned(),
            input,
            (response.status().as_u16(), output),
        );
        response
    }

    async fn handle_lambda(
        &self,
        caller: String,
        request: &Request<Bytes>,
        request_id: &str,
    ) -> Response<Bytes> {
        let call = match lambda::read(request) {
            Ok(call) => call,
            Err(error) => return lambda::error(&error, request_id),
        };
        let service = Service::Lambda;
        let input = call.input();
        let asks = (service, call.action(), &input);
        let refusal = self.refusal(&caller, request, asks, (None, None));
        let result = match refusal {
            Some(refusal) => Err(refusal),
            None => lambda::answer(self, &call).await,
        };
        let (response, output) = match &result {
            Ok(answer) => (answer.response(request_id), answer.output()),
            Err(error) => (lambda::error(error, request_id), error.to_json()),
        };
        let answer = (response.status().as_u16(), output);
        let operation = call.operation().to_owned();
        self.journal()
            .call(caller, service.name(), operation, input, answer);
        response
    }

    fn caller(&self, scope: Option<Scope<'_>>) -> String {
        let state = self.state();
        scope
            .and_then(|scope| state.callers.get(scope.key))
            .cloned()
            .unwrap_or_else(|| "operator".to_owned())
    }

    /// Why a call is not even looked at: credentials that are over, or a caller who may not.
    fn refusal(
        &self,
        caller: &str,
        request: &Request<Bytes>,
        (service, action, input): (Service, &str, &Value),
        touches: (Option<&str>, Option<&str>),
    ) -> Option<ServiceError> {
        let denied = || {
            let denied = self.is_denied(caller, service, action)
                || !self.may_touch(request, service, action, touches);
            denied.then(|| self.access_denied(caller, service, action))
        };
        let by_policy = || {
            let call = needs::Call {
                account: self,
                region: self.region_of(request),
                service,
                operation: action,
                input,
            };
            iam::refusal(self, caller, &call)
        };
        let error = sts::check(self, request).err().or_else(denied);
        let mut error = error.or_else(by_policy)?;
        let (status, names) = match service.protocol() {
            Protocol::Json => return Some(error),
            Protocol::RestJson => {
                error.status = 403;
                return Some(error);
            }
            Protocol::Query(_) | Protocol::QueryCompatible => (
                403,
                ["AccessDenied", "ExpiredToken", "InvalidClientTokenId"],
            ),
            Protocol::Rest => (400, ["AccessDenied", "ExpiredToken", "InvalidToken"]),
        };
        let [denied, expired, invalid] = names;
        (error.status, error.code) = match error.code.as_str() {
            "AccessDeniedException" => (403, denied.to_owned()),
            "ExpiredTokenException" => (status, expired.to_owned()),
            "UnknownOperationException" => return Some(error),
            _ => (status, invalid.to_owned()),
        };
        Some(error)
    }

    /// Whether the credentials of a request, if they are a job's, are good for this.
    fn may_touch(
        &self,
        request: &Request<Bytes>,
        service: Service,
        action: &str,
        touches: (Option<&str>, Option<&str>),
    ) -> bool {
        let action = if service == Service::S3 { action } else { "" };
        Scope::of(request).is_none_or(|scope| sts::may_touch(self, scope.key, action, touches))
    }

    /// The region that a request is for.
    fn region_of<'a>(&'a self, request: &'a Request<Bytes>) -> &'a str {
        let region = Scope::of(request).map(|scope| scope.region);
        region
            .filter(|region| !region.is_empty())
            .unwrap_or(&self.settings().region)
    }

    fn is_denied(&self, caller: &str, service: Service, action: &str) -> bool {
        let action = format!("{}:{action}", service.iam());
        self.state().denied.contains(&(caller.to_owned(), action))
    }

    fn access_denied(&self, caller: &str, service: Service, action: &str) -> ServiceError {
        let action = format!("{}:{action}", service.iam());
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: * because no identity-based policy allows \
             the {action} action",
            sts::principal(self, caller)
        );
        ServiceError::new("AccessDeniedException", message)
    }
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// Finds service, operation and input of a request.
fn read(request: &Request<Bytes>) -> Result<Asked, ServiceError> {
    if let Some(protocol) = header(request, cbor::PROTOCOL.0) {
        return read_cbor(request, protocol);
    }
    if let Some(target) = header(request, "x-amz-target") {
        let unknown = || ServiceError::unknown_operation("an unknown service", target);
        let (prefix, operation) = target.split_once('.').ok_or_else(unknown)?;
        let body = if request.body().is_empty() {
            b"{}"
        } else {
            request.body().as_ref()
        };
        let input = serde_json::from_slice(body).map_err(|error| {
            ServiceError::new(
                "SerializationException",
                format!("The body is not JSON: {error}"),
            )
        })?;
        return Ok(Asked {
            service: Service::of_shape(prefix).ok_or_else(unknown)?,
            operation: operation.to_owned(),
            input,
        });
    }
    if header(request, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        let (version, operation, input) = query::parse(request.body())?;
        let service = match version.as_deref() {
            Some("2010-05-08") => Service::Iam,
            Some("2011-06-15") => Service::Sts,
            _ => Service::Elb,
        };
        return Ok(Asked {
            service,
            operation,
            input,
        });
    }
    Err(ServiceError::unknown_operation(
        "an unknown service",
        &format!("{} {}", request.method(), request.uri().path()),
    ))
}

fn read_cbor(request: &Request<Bytes>, protocol: &str) -> Result<Asked, ServiceError> {
    let path = request.uri().path();
    let unknown = || ServiceError::unknown_operation("an unknown service", path);
    let (shape, operation) = cbor::operation(path).ok_or_else(unknown)?;
    let service = Service::of_shape(shape).ok_or_else(unknown)?;
    if protocol != cbor::PROTOCOL.1 || !service.speaks_cbor() {
        let message = format!("{} does not speak {protocol}", service.name());
        return Err(ServiceError {
            status: 415,
            ..ServiceError::new("UnsupportedProtocolException", message)
        });
    }
    Ok(Asked {
        service,
        operation: operation.to_owned(),
        input: cbor::decode(request.body())?,
    })
}

fn request_id(unique: &str) -> String {
    let part = |range| unique.get(range).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32)
    )
}

impl Layout {
    fn answer(self, status: u16, body: &Value, request_id: &str) -> Response<Bytes> {
        match self {
            Self::Json => {
                let kind = "application/x-amz-json-1.1";
                respond(status, kind, body.to_string(), request_id)
            }
            Self::Cbor => {
                let body = cbor::encode(body);
                let mut response = respond(status, cbor::CONTENT_TYPE, body, request_id);
                let (name, value) = cbor::PROTOCOL;
                let value = header::HeaderValue::from_static(value);
                response.headers_mut().insert(name, value);
                response
            }
        }
    }
}

fn respond(
    status: u16,
    content_type: &'static str,
    body: impl Into<Bytes>,
    request_id: &str,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

//! The door of the account: an HTTP request in, an HTTP response out.
//!
//! Finds the service and operation of a request (AWS-FACTS 0), who calls, and whether that is allowed;
//! the services' modules do the rest. Signatures are not checked: that is the SDK's business.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;

use super::scope::Scope;
use super::{
    Account, ServiceError, codedeploy, codepipeline, dynamodb, ecr, ecs, elb, query, s3, sts,
};

/// A service that the account simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    CodeDeploy,
    CodePipeline,
    DynamoDb,
    Ecr,
    Ecs,
    Elb,
    Events,
    S3,
    Sts,
}

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    /// A form and XML, whose namespace this is.
    Query(&'static str),
    /// Methods and paths, and XML.
    Rest,
}

impl Service {
    const ALL: [Self; 9] = [
        Self::CodeDeploy,
        Self::CodePipeline,
        Self::DynamoDb,
        Self::Ecr,
        Self::Ecs,
        Self::Elb,
        Self::Events,
        Self::S3,
        Self::Sts,
    ];

    /// What comes before the dot in `X-Amz-Target`; only the JSON protocol has such a thing.
    const fn target_prefix(self) -> &'static str {
        match self {
            Self::CodeDeploy => "CodeDeploy_20141006",
            Self::CodePipeline => "CodePipeline_20150709",
            Self::DynamoDb => "DynamoDB_20120810",
            Self::Ecr => "AmazonEC2ContainerRegistry_V20150921",
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            Self::Events => "AWSEvents",
            Self::Elb | Self::S3 | Self::Sts => "",
        }
    }

    /// botocore's name.
    const fn name(self) -> &'static str {
        match self {
            Self::CodeDeploy => "codedeploy",
            Self::CodePipeline => "codepipeline",
            Self::DynamoDb => "dynamodb",
            Self::Ecr => "ecr",
            Self::Ecs => "ecs",
            Self::Elb => "elbv2",
            Self::Events => "events",
            Self::S3 => "s3",
            Self::Sts => "sts",
        }
    }

    const fn protocol(self) -> Protocol {
        match self {
            Self::Elb => {
                Protocol::Query("http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/")
            }
            Self::Sts => Protocol::Query("https://sts.amazonaws.com/doc/2011-06-15/"),
            Self::S3 => Protocol::Rest,
            _ => Protocol::Json,
        }
    }

    /// The prefix of IAM's actions.
    const fn iam(self) -> &'static str {
        match self {
            Self::Elb => "elasticloadbalancing",
            other => other.name(),
        }
    }
}

impl Account {
    /// Answers one AWS API call, exactly as it comes over the wire; and what a call gave the URL of.
    ///
    /// The caller is told by the access key id in the `Authorization` header, see
    /// [`add_caller`](Self::add_caller); an unknown key is the operator's.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if let Some(layer) = ecr::layer(self, &request) {
            return layer;
        }
        let scope = Scope::of(&request);
        let caller = self.caller(scope);
        if scope.is_some_and(|scope| scope.service == "s3") {
            return self.handle_s3(caller, &request).await;
        }
        let request_id = request_id(&self.unique());
        let (service, operation, input) = match read(&request) {
            Ok(call) => call,
            Err(error) => return json_answer(error.status, &error.to_json(), &request_id),
        };
        let refusal = self.refusal(&caller, &request, service, &operation, (None, None));
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
                Service::CodeDeploy => codedeploy::handle(self, &operation, input),
                Service::CodePipeline => codepipeline::handle(self, &operation, &input),
                Service::Ecr => {
                    let asked = ecr::Asked::by(self, &request);
                    ecr::handle(self, &asked, &operation, &input)
                }
                Service::Ecs => ecs::handle(self, &operation, input),
                Service::Elb => elb::handle(self, &operation, &input),
                Service::Events => self.events().handle(&operation, &input),
                Service::Sts => {
                    let key = scope.map(|scope| scope.key);
                    sts::handle(self, &caller, key, &operation, &input)
                }
                Service::DynamoDb | Service::S3 => {
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
        json_answer(status, &output, &request_id)
    }

    async fn handle_s3(&self, caller: String, request: &Request<Bytes>) -> Response<Bytes> {
        let call = match s3::read(request) {
            Ok(call) => call,
            Err(error) => return s3::error(&error, request),
        };
        let (bucket, object) = call.object();
        let touches = (bucket, object.as_deref());
        let may_list = !self.is_denied(&caller, Service::S3, "ListBucket")
            && self.may_touch(request, Service::S3, "ListBucket", touches);
        let refusal = self.refusal(&caller, request, Service::S3, call.action(), touches);
        let (response, output) = if let Some(refusal) = refusal {
            (s3::error(&refusal, request), refusal.to_json())
        } else {
            let response = s3::handle(self, &call, request, may_list).await;
            let output = s3::output(&call, &response);
            (response, output)
        };
        self.journal().call(
            caller,
            Service::S3.name(),
            call.operation.to_owned(),
            call.input(),
            (response.status().as_u16(), output),
        );
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
        service: Service,
        action: &str,
        touches: (Option<&str>, Option<&str>),
    ) -> Option<ServiceError> {
        let denied = || {
            let denied = self.is_denied(caller, service, action)
                || !self.may_touch(request, service, action, touches);
            denied.then(|| self.access_denied(caller, service, action))
        };
        let mut error = sts::check(self, request).err().or_else(denied)?;
        let (status, names) = match service.protocol() {
            Protocol::Json => return Some(error),
            Protocol::Query(_) => (
                403,
                ["AccessDenied", "ExpiredToken", "InvalidClientTokenId"],
            ),
            Protocol::Rest => (400, ["AccessDenied", "ExpiredToken", "InvalidToken"]),
        };
        let [denied, expired, invalid] = names;
        (error.status, error.code) = match error.code.as_str() {
            "AccessDeniedException" => (403, denied.to_owned()),
            "ExpiredTokenException" => (status, expired.to_owned()),
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

/// Finds service, operation and input of a request.
fn read(request: &Request<Bytes>) -> Result<(Service, String, Value), ServiceError> {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if text("smithy-protocol").is_some() {
        return Err(ServiceError {
            status: 415,
            ..ServiceError::new(
                "UnsupportedProtocolException",
                "The simulated account speaks AWS JSON 1.1 and the query protocol; this client speaks Smithy RPC v2 \
                 CBOR (AWS CLI and boto3 do with CodeDeploy and CodePipeline)",
            )
        });
    }
    if let Some(target) = text("x-amz-target") {
        let unknown = || ServiceError::unknown_operation("an unknown service", target);
        let (prefix, operation) = target.split_once('.').ok_or_else(unknown)?;
        let service = Service::ALL
            .into_iter()
            .find(|service| service.target_prefix() == prefix && !prefix.is_empty());
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
        return Ok((service.ok_or_else(unknown)?, operation.to_owned(), input));
    }
    if text("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        let (version, operation, input) = query::parse(request.body())?;
        let service = match version.as_deref() {
            Some("2011-06-15") => Service::Sts,
            _ => Service::Elb,
        };
        return Ok((service, operation, input));
    }
    Err(ServiceError::unknown_operation(
        "an unknown service",
        &format!("{} {}", request.method(), request.uri().path()),
    ))
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

fn json_answer(status: u16, body: &Value, request_id: &str) -> Response<Bytes> {
    respond(
        status,
        "application/x-amz-json-1.1",
        body.to_string(),
        request_id,
    )
}

fn respond(
    status: u16,
    content_type: &'static str,
    body: String,
    request_id: &str,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
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

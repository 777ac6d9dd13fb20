//! The door of the account: an HTTP request in, an HTTP response out.
//!
//! Finds the service and operation of a request (AWS-FACTS 0), who calls, and whether that is allowed;
//! the services' modules do the rest. Signatures are not checked: that is the SDK's business.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{Account, ServiceError, codedeploy, dynamodb, ecr, ecs, elb, query};

/// A service that the account simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    CodeDeploy,
    DynamoDb,
    Ecr,
    Ecs,
    Elb,
    Events,
}

impl Service {
    const ALL: [Self; 6] = [
        Self::CodeDeploy,
        Self::DynamoDb,
        Self::Ecr,
        Self::Ecs,
        Self::Elb,
        Self::Events,
    ];

    /// What comes before the dot in `X-Amz-Target`; the query protocol has no such thing.
    const fn target_prefix(self) -> &'static str {
        match self {
            Self::CodeDeploy => "CodeDeploy_20141006",
            Self::DynamoDb => "DynamoDB_20120810",
            Self::Ecr => "AmazonEC2ContainerRegistry_V20150921",
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            Self::Elb => "",
            Self::Events => "AWSEvents",
        }
    }

    /// botocore's name.
    const fn name(self) -> &'static str {
        match self {
            Self::CodeDeploy => "codedeploy",
            Self::DynamoDb => "dynamodb",
            Self::Ecr => "ecr",
            Self::Ecs => "ecs",
            Self::Elb => "elbv2",
            Self::Events => "events",
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
    /// Answers one AWS API call, exactly as it comes over the wire.
    ///
    /// The caller is told by the access key id in the `Authorization` header, see
    /// [`add_caller`](Self::add_caller); an unknown key is the operator's.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let request_id = request_id(&self.unique());
        let caller = self.caller(&request);
        let (service, operation, input) = match read(&request) {
            Ok(call) => call,
            Err(error) => return json_answer(error.status, &error_body(&error), &request_id),
        };
        if service == Service::DynamoDb && !self.is_denied(&caller, service, &operation) {
            let response = dynamodb::handle(self, &request).await;
            let output = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
            let answer = (response.status().as_u16(), output);
            self.journal()
                .call(caller, service.name(), operation, input, answer);
            return response;
        }
        let result = if self.is_denied(&caller, service, &operation) {
            Err(self.access_denied(&caller, service, &operation))
        } else {
            let input = input.clone();
            match service {
                Service::CodeDeploy => codedeploy::handle(self, &operation, input),
                Service::Ecr => ecr::handle(self, &operation, &input),
                Service::Ecs => ecs::handle(self, &operation, input),
                Service::Elb => elb::handle(self, &operation, &input),
                Service::Events => self.events().handle(&operation, &input),
                Service::DynamoDb => {
                    Err(ServiceError::unknown_operation(service.name(), &operation))
                }
            }
        };
        let status = result.as_ref().map_or_else(|error| error.status, |_| 200);
        let output = result.as_ref().map_or_else(error_body, Clone::clone);
        self.journal().call(
            caller,
            service.name(),
            operation.clone(),
            input,
            (status, output.clone()),
        );
        if service == Service::Elb {
            let body = match &result {
                Ok(output) => query::answer(&operation, output, &request_id),
                Err(error) => query::error(error, &request_id),
            };
            return respond(status, "text/xml", body, &request_id);
        }
        json_answer(status, &output, &request_id)
    }

    fn caller<B>(&self, request: &Request<B>) -> String {
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let key = authorization
            .and_then(|value| value.split_once("Credential="))
            .and_then(|(_, credential)| credential.split('/').next());
        let state = self.state();
        key.and_then(|key| state.callers.get(key))
            .cloned()
            .unwrap_or_else(|| "operator".to_owned())
    }

    fn is_denied(&self, caller: &str, service: Service, operation: &str) -> bool {
        let action = format!("{}:{operation}", service.iam());
        self.state().denied.contains(&(caller.to_owned(), action))
    }

    fn access_denied(&self, caller: &str, service: Service, operation: &str) -> ServiceError {
        let action = format!("{}:{operation}", service.iam());
        let account = &self.settings().account_id;
        let message = format!(
            "User: arn:aws:sts::{account}:assumed-role/{caller}/{caller} is not authorized to perform: {action} \
             on resource: * because no identity-based policy allows the {action} action"
        );
        match service {
            Service::Elb => ServiceError {
                status: 403,
                code: "AccessDenied".to_owned(),
                message,
            },
            _ => ServiceError::new("AccessDeniedException", message),
        }
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
                 CBOR (AWS CLI and boto3 do with CodeDeploy)",
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
        let (operation, input) = query::parse(request.body())?;
        return Ok((Service::Elb, operation, input));
    }
    Err(ServiceError::unknown_operation(
        "an unknown service",
        &format!("{} {}", request.method(), request.uri().path()),
    ))
}

fn error_body(error: &ServiceError) -> Value {
    json!({"__type": error.code, "message": error.message})
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

//! Target groups, listeners and their rules: where traffic is led.

use aws_sdk_elasticloadbalancingv2::types;

use crate::{AwsError, Clients, Kind, Look, error::failed};

/// A listener has 100 rules unless AWS allows it more; so many pages are read at the most.
const PAGES_LIMIT: usize = 20;

/// A target group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// `TargetGroupArn`
    pub arn: String,
    /// `instance | ip | lambda | alb`
    pub target_type: String,
    /// `HTTP | HTTPS | TCP | …`; none of a Lambda function.
    pub protocol: Option<String>,
    /// `HTTP1 | HTTP2 | GRPC`, over HTTP.
    pub version: Option<String>,
    /// The port of targets that are registered without one.
    pub port: Option<u16>,
    /// The network that its targets are in.
    pub vpc: Option<String>,
    /// The load balancers of which a listener or rule leads to it: none means that it gets no traffic.
    pub load_balancers: Vec<String>,
    /// How its targets are asked whether they live.
    pub health_check: HealthCheck,
}

/// How a target group asks its targets whether they live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthCheck {
    /// It does; only of Lambda functions it need not.
    pub is_enabled: bool,
    /// `HTTP | HTTPS | TCP | …`
    pub protocol: Option<String>,
    /// A number, or `traffic-port`.
    pub port: Option<String>,
    /// The path, over HTTP.
    pub path: Option<String>,
    /// The statuses that count as healthy, as they are written: `200`, `200,202`, `200-299`.
    pub statuses: Option<String>,
    /// So often.
    pub interval_seconds: u32,
    /// So many times in a row before a target is taken for healthy.
    pub healthy_threshold: u32,
}

/// A listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listener {
    /// `ListenerArn`
    pub arn: String,
    /// The ARN of its load balancer.
    pub load_balancer: String,
    /// `HTTP | HTTPS | TCP | …`
    pub protocol: Option<String>,
    /// Where it listens.
    pub port: Option<u16>,
    /// Where its default action leads: nowhere if it answers by itself.
    pub forwards: Vec<Forward>,
}

/// A rule of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// `RuleArn`
    pub arn: String,
    /// It holds where no other does.
    pub is_default: bool,
    /// Where it leads: nowhere if it answers by itself.
    pub forwards: Vec<Forward>,
}

/// A target group that an action leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forward {
    /// `TargetGroupArn`
    pub target_group: String,
    /// Its share, from 0 to 999. The only one of an action has all, whatever its weight.
    pub weight: u32,
}

/// The target group of this ARN. AWS refuses a call for several of which one is not there, so that each is its own.
pub async fn target_group(clients: &Clients, arn: &str) -> Result<Look<TargetGroup>, AwsError> {
    const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
    let resource = || format!("target group `{arn}`");
    let answer = clients
        .elbv2
        .describe_target_groups()
        .target_group_arns(arn)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    Look::of(answer.and_then(|answer| {
        let found = answer.target_groups().first();
        found.map(describe).ok_or_else(|| empty(ACTION, resource()))
    }))
}

fn describe(group: &types::TargetGroup) -> TargetGroup {
    let protocol = |protocol: Option<&types::ProtocolEnum>| {
        protocol.map(|protocol| protocol.as_str().to_owned())
    };
    let statuses = group.matcher().and_then(types::Matcher::http_code);
    TargetGroup {
        arn: text(group.target_group_arn()),
        target_type: text(group.target_type().map(types::TargetTypeEnum::as_str)),
        protocol: protocol(group.protocol()),
        version: group.protocol_version().map(str::to_owned),
        port: port(group.port()),
        vpc: group.vpc_id().map(str::to_owned),
        load_balancers: group.load_balancer_arns().to_vec(),
        health_check: HealthCheck {
            is_enabled: group.health_check_enabled().unwrap_or(true),
            protocol: protocol(group.health_check_protocol()),
            port: group.health_check_port().map(str::to_owned),
            path: group.health_check_path().map(str::to_owned),
            statuses: statuses.map(str::to_owned),
            interval_seconds: count(group.health_check_interval_seconds()),
            healthy_threshold: count(group.healthy_threshold_count()),
        },
    }
}

/// The listener of this ARN.
pub async fn listener(clients: &Clients, arn: &str) -> Result<Look<Listener>, AwsError> {
    const ACTION: &str = "elasticloadbalancing:DescribeListeners";
    let resource = || format!("listener `{arn}`");
    let answer = clients
        .elbv2
        .describe_listeners()
        .listener_arns(arn)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    Look::of(answer.and_then(|answer| {
        let found = answer.listeners().first();
        let found = found.ok_or_else(|| empty(ACTION, resource()))?;
        Ok(Listener {
            arn: text(found.listener_arn()),
            load_balancer: text(found.load_balancer_arn()),
            protocol: found
                .protocol()
                .map(|protocol| protocol.as_str().to_owned()),
            port: port(found.port()),
            forwards: forwards(found.default_actions()),
        })
    }))
}

/// The rule of this ARN.
pub async fn rule(clients: &Clients, arn: &str) -> Result<Look<Rule>, AwsError> {
    let resource = || format!("listener rule `{arn}`");
    let answer = clients
        .elbv2
        .describe_rules()
        .rule_arns(arn)
        .send()
        .await
        .map_err(failed(RULES, resource()));
    Look::of(answer.and_then(|answer| {
        let found = answer.rules().first();
        found
            .map(describe_rule)
            .ok_or_else(|| empty(RULES, resource()))
    }))
}

/// The rules of a listener, the default one among them.
pub async fn rules(clients: &Clients, listener: &str) -> Result<Look<Vec<Rule>>, AwsError> {
    let resource = || format!("listener `{listener}`");
    let mut rules = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES_LIMIT {
        let page = clients
            .elbv2
            .describe_rules()
            .listener_arn(listener)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(RULES, resource()));
        let page = match Look::of(page)? {
            Look::Found(page) => page,
            Look::Missing => return Ok(Look::Missing),
            Look::Forbidden(why) => return Ok(Look::Forbidden(why)),
        };
        rules.extend(page.rules().iter().map(describe_rule));
        marker = page.next_marker;
        if marker.is_none() {
            return Ok(Look::Found(rules));
        }
    }
    let message = format!("the answer has more than {PAGES_LIMIT} pages");
    Err(AwsError::unusable(
        RULES,
        resource(),
        Kind::Invalid,
        None,
        message,
    ))
}

const RULES: &str = "elasticloadbalancing:DescribeRules";

fn describe_rule(rule: &types::Rule) -> Rule {
    Rule {
        arn: text(rule.rule_arn()),
        is_default: rule.is_default().unwrap_or_default(),
        forwards: forwards(rule.actions()),
    }
}

/// An action to one target group may name it by itself, with a configuration for several, or both.
fn forwards(actions: &[types::Action]) -> Vec<Forward> {
    let mut forwards = Vec::new();
    for action in actions {
        let several = action
            .forward_config()
            .map(types::ForwardActionConfig::target_groups)
            .unwrap_or_default();
        forwards.extend(several.iter().map(|group| Forward {
            target_group: text(group.target_group_arn()),
            weight: count(group.weight()),
        }));
        if several.is_empty() {
            forwards.extend(action.target_group_arn().map(|arn| Forward {
                target_group: arn.to_owned(),
                weight: 1,
            }));
        }
    }
    forwards
}

/// AWS answers with success and without what was asked for.
fn empty(action: &'static str, resource: String) -> AwsError {
    let message = "the answer is empty";
    AwsError::unusable(action, resource, Kind::NotFound, None, message)
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn count(number: Option<i32>) -> u32 {
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or_default()
}

fn port(port: Option<i32>) -> Option<u16> {
    port.and_then(|port| u16::try_from(port).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Scripted, run};

    fn answer(operation: &str, result: &str) -> String {
        format!(
            "<{operation}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
             <{operation}Result>{result}</{operation}Result></{operation}Response>"
        )
    }

    fn refused(code: &str) -> String {
        format!(
            "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error>\
             <Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        )
    }

    #[test]
    fn a_target_group_is_read_with_its_health_check() {
        let aws = Scripted::default();
        let group = "<TargetGroups><member><TargetGroupArn>arn:tg</TargetGroupArn>\
                     <Protocol>HTTP</Protocol><Port>80</Port><VpcId>vpc-1</VpcId>\
                     <HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPort>traffic-port\
                     </HealthCheckPort><HealthCheckEnabled>true</HealthCheckEnabled>\
                     <HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds>\
                     <HealthyThresholdCount>5</HealthyThresholdCount><HealthCheckPath>/health\
                     </HealthCheckPath><Matcher><HttpCode>200-299</HttpCode></Matcher>\
                     <ProtocolVersion>HTTP1</ProtocolVersion><TargetType>ip</TargetType><LoadBalancerArns><member>arn:lb</member>\
                     </LoadBalancerArns></member></TargetGroups>";
        aws.answer(200, answer("DescribeTargetGroups", group));
        let found = run(target_group(&aws.clients(), "arn:tg")).unwrap();
        assert_eq!(
            found,
            Look::Found(TargetGroup {
                arn: "arn:tg".to_owned(),
                target_type: "ip".to_owned(),
                protocol: Some("HTTP".to_owned()),
                version: Some("HTTP1".to_owned()),
                port: Some(80),
                vpc: Some("vpc-1".to_owned()),
                load_balancers: vec!["arn:lb".to_owned()],
                health_check: HealthCheck {
                    is_enabled: true,
                    protocol: Some("HTTP".to_owned()),
                    port: Some("traffic-port".to_owned()),
                    path: Some("/health".to_owned()),
                    statuses: Some("200-299".to_owned()),
                    interval_seconds: 30,
                    healthy_threshold: 5,
                },
            })
        );
        let sent = &aws.sent()[0].body;
        assert!(sent.contains("TargetGroupArns.member.1=arn%3Atg"), "{sent}");
    }

    #[test]
    fn a_listener_tells_where_it_leads() {
        let aws = Scripted::default();
        let listener = "<Listeners><member><ListenerArn>arn:l</ListenerArn><LoadBalancerArn>arn:lb\
                        </LoadBalancerArn><Port>443</Port><Protocol>HTTPS</Protocol><DefaultActions>\
                        <member><Type>authenticate-oidc</Type><Order>1</Order></member>\
                        <member><Type>forward</Type><TargetGroupArn>arn:a</TargetGroupArn>\
                        <ForwardConfig><TargetGroups><member><TargetGroupArn>arn:a</TargetGroupArn>\
                        <Weight>100</Weight></member><member><TargetGroupArn>arn:b</TargetGroupArn>\
                        <Weight>0</Weight></member></TargetGroups></ForwardConfig></member>\
                        </DefaultActions></member></Listeners>";
        aws.answer(200, answer("DescribeListeners", listener));
        let found = run(listener_of(&aws)).unwrap();
        let forward = |arn: &str, weight| Forward {
            target_group: arn.to_owned(),
            weight,
        };
        assert_eq!(
            found,
            Look::Found(Listener {
                arn: "arn:l".to_owned(),
                load_balancer: "arn:lb".to_owned(),
                protocol: Some("HTTPS".to_owned()),
                port: Some(443),
                forwards: vec![forward("arn:a", 100), forward("arn:b", 0)],
            })
        );
    }

    async fn listener_of(aws: &Scripted) -> Result<Look<Listener>, AwsError> {
        listener(&aws.clients(), "arn:l").await
    }

    const RULE: &str = "<member><RuleArn>arn:r</RuleArn><Priority>default</Priority><IsDefault>true\
                        </IsDefault><Actions><member><Type>forward</Type><TargetGroupArn>arn:a\
                        </TargetGroupArn></member></Actions></member>";

    fn expected() -> Rule {
        Rule {
            arn: "arn:r".to_owned(),
            is_default: true,
            forwards: vec![Forward {
                target_group: "arn:a".to_owned(),
                weight: 1,
            }],
        }
    }

    #[test]
    fn a_rule_is_read_by_itself_and_all_of_a_listener_page_by_page() {
        let aws = Scripted::default();
        let page = |more: &str| answer("DescribeRules", &format!("<Rules>{RULE}</Rules>{more}"));
        aws.answer(200, page(""));
        let found = run(rule(&aws.clients(), "arn:r")).unwrap();
        assert_eq!(found, Look::Found(expected()));
        aws.answer(200, page("<NextMarker>more</NextMarker>"));
        aws.answer(200, page(""));
        let found = run(rules(&aws.clients(), "arn:l")).unwrap();
        assert_eq!(found, Look::Found(vec![expected(), expected()]));
        let sent = aws.sent();
        assert!(sent[0].body.contains("RuleArns.member.1=arn%3Ar"));
        assert!(sent[1].body.contains("ListenerArn=arn%3Al"));
        assert!(sent[2].body.contains("Marker=more"));
    }

    #[test]
    fn rules_without_end_are_an_error() {
        let aws = Scripted::default();
        for _ in 0..PAGES_LIMIT {
            let result = "<Rules/><NextMarker>more</NextMarker>";
            aws.answer(200, answer("DescribeRules", result));
        }
        let error = run(rules(&aws.clients(), "arn:l")).unwrap_err();
        assert_eq!(error.message(), "the answer has more than 20 pages");
    }

    #[test]
    fn what_is_not_there_and_what_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        let clients = aws.clients();
        for code in ["TargetGroupNotFound", "AccessDenied"] {
            aws.answer(400, refused(code));
            let found = run(target_group(&clients, "arn:tg")).unwrap();
            assert_eq!(found == Look::Missing, code != "AccessDenied");
        }
        for code in ["ListenerNotFound", "AccessDenied"] {
            aws.answer(400, refused(code));
            let found = run(listener(&clients, "arn:l")).unwrap();
            assert_eq!(found == Look::Missing, code != "AccessDenied");
            aws.answer(400, refused(code));
            let found = run(rules(&clients, "arn:l")).unwrap();
            assert_eq!(found == Look::Missing, code != "AccessDenied");
        }
        for code in ["RuleNotFound", "AccessDenied"] {
            aws.answer(400, refused(code));
            let found = run(rule(&clients, "arn:r")).unwrap();
            assert_eq!(found == Look::Missing, code != "AccessDenied");
        }
        aws.answer(200, answer("DescribeRules", "<Rules/>"));
        assert_eq!(run(rule(&clients, "arn:r")).unwrap(), Look::Missing);
        aws.answer(400, refused("ValidationError"));
        let error = run(target_group(&clients, "x")).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
    }
}

//! Registries: one for each account and region, with repositories of their own.
//!
//! A seed names a repository of the account by its name, and one of another registry by its URI.

use http::{Request, header};

use super::{Account, Members, ServiceError};
use crate::account::Network;
use crate::account::scope::Scope;

/// The registry of an account in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registry {
    /// Twelve digits: `registryId`.
    pub account_id: String,
    /// Such as `eu-west-1`.
    pub region: String,
}

/// A repository in a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RepositoryId {
    pub(super) registry: Registry,
    pub(super) name: String,
}

/// Where a request goes to: it is the region that says it, and the host for URLs in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    region: String,
    host: Option<String>,
}

impl Registry {
    /// The account's own.
    pub fn own(account: &Account) -> Self {
        Self {
            account_id: account.settings().account_id.clone(),
            region: account.settings().region.clone(),
        }
    }

    /// The URI of a repository, whether it exists or not.
    pub fn uri(&self, repository: &str) -> String {
        let Self { account_id, region } = self;
        format!("{account_id}.dkr.ecr.{region}.amazonaws.com/{repository}")
    }
}

impl RepositoryId {
    /// A repository by its name, or by the URI of one in another registry.
    pub(super) fn of(account: &Account, name_or_uri: &str) -> Self {
        Self::of_uri(name_or_uri).unwrap_or_else(|| Self {
            registry: Registry::own(account),
            name: name_or_uri.to_owned(),
        })
    }

    /// A repository by its URI, which may have a tag or digest; that stays with the name.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        let (host, name) = uri.split_once('/')?;
        let (account_id, rest) = host.split_once(".dkr.ecr.")?;
        let registry = Registry {
            account_id: account_id.to_owned(),
            region: rest.strip_suffix(".amazonaws.com")?.to_owned(),
        };
        Some(Self {
            registry,
            name: name.to_owned(),
        })
    }

    /// The name, or the URI if the repository is in another registry.
    pub(super) fn shown(&self, account: &Account) -> String {
        if self.registry == Registry::own(account) {
            return self.name.clone();
        }
        self.registry.uri(&self.name)
    }

    pub(super) fn arn(&self) -> String {
        let Registry { account_id, region } = &self.registry;
        format!("arn:aws:ecr:{region}:{account_id}:repository/{}", self.name)
    }

    pub(super) fn not_found(&self) -> ServiceError {
        ServiceError::new(
            "RepositoryNotFoundException",
            format!(
                "The repository with name '{}' does not exist in the registry with id '{}'",
                self.name, self.registry.account_id
            ),
        )
    }
}

impl Asked {
    /// What a request on the wire says.
    pub(crate) fn by<B>(account: &Account, request: &Request<B>) -> Self {
        let region = Scope::of(request)
            .map(|scope| scope.region.to_owned())
            .filter(|region| !region.is_empty())
            .unwrap_or_else(|| account.settings().region.clone());
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok().map(str::to_owned));
        Self { region, host }
    }

    /// The registry that a request is about.
    pub(super) fn registry(
        &self,
        account: &Account,
        input: Members<'_>,
    ) -> Result<Registry, ServiceError> {
        let own = &account.settings().account_id;
        let account_id = input.optional_string("registryId")?.unwrap_or(own);
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = "Invalid parameter at 'registryId' failed to satisfy constraint: 'must satisfy regular expression \
                           '[0-9]{12}''";
            return Err(ServiceError::new("InvalidParameterException", message));
        }
        Ok(Registry {
            account_id: account_id.to_owned(),
            region: self.region.clone(),
        })
    }

    /// The repository that a request is about.
    pub(super) fn repository(
        &self,
        account: &Account,
        input: Members<'_>,
    ) -> Result<RepositoryId, ServiceError> {
        Ok(RepositoryId {
            registry: self.registry(account, input)?,
            name: input.string("repositoryName")?.to_owned(),
        })
    }

    /// Where layers are downloaded from.
    pub(super) fn layers(&self, account: &Account) -> String {
        let loopback = account.settings().network == Network::Loopback;
        if let Some(host) = self.host.as_ref().filter(|_| loopback) {
            return format!("http://{host}/ecr-layer");
        }
        let region = &self.region;
        format!("https://prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com")
    }
}

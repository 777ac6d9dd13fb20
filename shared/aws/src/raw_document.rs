//! Documents as they are on the wire: read from an answer, or sent as a request, past the SDK's
//! typed structures, which drop every member that they do not know.
//!
//! Signing, retries, endpoints and errors stay the SDK's.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};

/// Keeps the body of the last answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadBody(Arc<Mutex<Vec<u8>>>);

impl ReadBody {
    /// The body of the last answer; empty if there was none.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for ReadBody {
    fn name(&self) -> &'static str {
        "ReadBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}

/// Sends this body in place of the one that the SDK has serialised.
#[derive(Debug, Clone)]
pub(crate) struct SendBody(pub(crate) Vec<u8>);

impl Intercept for SendBody {
    fn name(&self) -> &'static str {
        "SendBody"
    }

    // Before signing, since the signature covers the body.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request
            .headers_mut()
            .insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.clone());
        Ok(())
    }
}

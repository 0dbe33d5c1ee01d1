//! Runs the encoder on rten, which needs no library beside the program.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::{Encoder, VECTOR_LEN, guarded};
use crate::classifier::ClassifierError;

/// What an encoder is made from: the model is shared, the threads are not.
pub(super) struct Recipe {
    model: Arc<Model>,
    ids: NodeId,
    mask: NodeId,
    vector: NodeId,
}

impl Recipe {
    pub(super) fn new(path: &Path) -> Result<Self, ClassifierError> {
        guarded(path, || {
            // Prepacked weights: without them a message takes four times as long.
            let model =
                ModelOptions::with_all_ops().prepack_weights(true).load_file(path).map_err(|e| e.to_string())?;
            let node = |name: &str| model.node_id(name).map_err(|e| e.to_string());
            let (ids, mask, vector) = (node("input_ids")?, node("attention_mask")?, node("sentence_embedding")?);
            Ok(Self { model: Arc::new(model), ids, mask, vector })
        })
    }

    pub(super) fn encoder(&self) -> Box<dyn Encoder> {
        // A pool of its own, since encoders that share one wait for each other.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        Box::new(Rten { model: self.model.clone(), ids: self.ids, mask: self.mask, vector: self.vector, pool })
    }
}

struct Rten {
    model: Arc<Model>,
    ids: NodeId,
    mask: NodeId,
    vector: NodeId,
    pool: Arc<ThreadPool>,
}

impl Encoder for Rten {
    fn encode(&mut self, tokens: &[u32]) -> Result<Vec<f32>, ClassifierError> {
        let shape = [1, tokens.len()];
        let too_large = |_| ClassifierError::Broken("a token's number is too large".to_owned());
        let ids: Vec<i32> =
            tokens.iter().map(|&token| i32::try_from(token)).collect::<Result<_, _>>().map_err(too_large)?;
        let ids = NdTensor::from_data(shape, ids);
        let mask = NdTensor::from_data(shape, vec![1_i32; tokens.len()]);
        let inputs = vec![(self.ids, ids.view().into()), (self.mask, mask.view().into())];
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let broken = |e: &dyn std::fmt::Display| ClassifierError::Broken(e.to_string());
        let [vector] = self.model.run_n(inputs, [self.vector], Some(options)).map_err(|e| broken(&e))?;
        let vector: Tensor<f32> =
            vector.into_tensor().ok_or_else(|| broken(&"the encoder's vector is not of floats"))?;
        if vector.len() != VECTOR_LEN {
            return Err(ClassifierError::Broken(format!("the encoder's vector has not {VECTOR_LEN} numbers")));
        }
        Ok(vector.to_vec())
    }
}

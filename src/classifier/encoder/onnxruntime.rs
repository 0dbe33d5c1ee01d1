//! Runs the encoder on ONNX Runtime, whose shared library is loaded while the program runs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::ep;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::{Encoder, VECTOR_LEN, guarded, hash_of};
use crate::classifier::ClassifierError;

/// ONNX Runtime allows one environment per process, even after the first is gone.
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();

/// Loads the library from the first of the places that has it, unless it is loaded already; says why where none has.
pub(super) fn load(places: &[PathBuf]) -> Result<(), String> {
    static LOADING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if ENVIRONMENT.get().is_some() {
        return Ok(());
    }
    let mut why = Vec::new();
    for place in places {
        if !place.exists() {
            why.push(format!("{} is not there", place.display()));
            continue;
        }
        match ort::init_from(place) {
            Ok(builder) => {
                let environment = builder.with_telemetry(false).build().map_err(|e| e.to_string())?;
                ENVIRONMENT.get_or_init(|| environment);
                return Ok(());
            }
            Err(e) => why.push(e.to_string()),
        }
    }
    Err(why.join("; "))
}

/// What a session is made from: the file, which must still be what it was at the start.
pub(super) struct Recipe {
    path: PathBuf,
    hash: String,
}

impl Recipe {
    pub(super) fn new(path: &Path, hash: &str) -> Self {
        Self { path: path.to_owned(), hash: hash.to_owned() }
    }

    pub(super) fn encoder(&self) -> Result<Box<dyn Encoder>, ClassifierError> {
        let environment =
            ENVIRONMENT.get().ok_or_else(|| ClassifierError::Broken("ONNX Runtime is not loaded".into()))?;
        if hash_of(&self.path)? != self.hash {
            let why = "it has changed since the start".to_owned();
            return Err(ClassifierError::Corrupt { path: self.path.clone(), why });
        }
        let session = guarded(&self.path, || session(environment, &self.path).map_err(|e| e.to_string()))?;
        Ok(Box::new(OnnxRuntime { session }))
    }
}

/// One thread per session, which is the fastest for one message and leaves no thread spinning.
/// No arena, since an arena keeps for good what the longest message once needed.
fn session(environment: &Environment, path: &Path) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_execution_providers([ep::CPU::default().with_arena_allocator(false).build()])?
        .commit_from_file(path)
}

struct OnnxRuntime {
    session: Session,
}

impl Encoder for OnnxRuntime {
    fn encode(&mut self, tokens: &[u32]) -> Result<Vec<f32>, ClassifierError> {
        run(&mut self.session, tokens)
            .map_err(|e| ClassifierError::Broken(e.to_string()))?
            .ok_or_else(|| ClassifierError::Broken(format!("the encoder's vector has not {VECTOR_LEN} numbers")))
    }
}

fn run(session: &mut Session, tokens: &[u32]) -> ort::Result<Option<Vec<f32>>> {
    let shape = [1, tokens.len()];
    let ids: Vec<i64> = tokens.iter().map(|&token| i64::from(token)).collect();
    let mask = vec![1_i64; tokens.len()];
    let outputs = session.run(ort::inputs![
        "input_ids" => TensorRef::from_array_view((shape, ids.as_slice()))?,
        "attention_mask" => TensorRef::from_array_view((shape, mask.as_slice()))?,
    ])?;
    let Some(vector) = outputs.get("sentence_embedding") else { return Ok(None) };
    let (_, numbers) = vector.try_extract_tensor::<f32>()?;
    Ok((numbers.len() == VECTOR_LEN).then(|| numbers.to_vec()))
}

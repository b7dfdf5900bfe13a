//! A decoder's loop: each step puts one token's key and value into a cache and attends to all tokens so far.
use tenon::{Context, DType, Graph, Input, RunOptions, Value, View, ViewMut};

const HEADS: usize = 4; // of the query; each key and value head serves two of them
const KEY_HEADS: usize = 2;
const SIZE: usize = 8; // of a head
const ROOM: usize = 16; // tokens that the cache holds
const STEPS: usize = 10;

// story: a cache over several steps
fn decoder(context: &Context) -> tenon::Result<Graph> {
    let (query, token, cache) = ([1, 4, 1, 8], [1, 2, 1, 8], [1, 2, 16, 8]);
    let mut graph = Graph::new(context, "decoder")?;
    let mut input = |name, dtype, dims: &[i64]| graph.input(name, dtype, dims);
    let (q, k, v) = (input("q", DType::F32, &query)?, input("k", DType::F32, &token)?, input("v", DType::F32, &token)?);
    let (keys, values) = (input("keys", DType::F32, &cache)?, input("values", DType::F32, &cache)?);
    let (start, length) = (input("start", DType::I32, &[])?, input("length", DType::I32, &[1])?);
    let mut update = |name, cache: Value, token: Value| graph.node(name, "kv_cache_update").operands(&[cache, token, start]).one();
    let (keys, values) = (update("new_keys", keys, k)?, update("new_values", values, v)?);
    let attention = graph.node("attention", "scaled_dot_product_attention");
    let y = attention.operand("query", q).operand("key", keys).operand("value", values).operand("key_lengths", length).one()?;
    graph.output("y", y)?;
    graph.output("keys", keys)?;
    graph.output("values", values)?;
    Ok(graph)
}

fn step(program: &tenon::Program, at: i32, [q, k, v]: [&[f32]; 3], keys: &mut [f32], values: &mut [f32]) -> tenon::Result<Vec<f32>> {
    let (mut y, start, length) = (vec![0.0; q.len()], [at], [at + 1]);
    let (q, k, v) = (View::new(q, &[1, 4, 1, 8])?, View::new(k, &[1, 2, 1, 8])?, View::new(v, &[1, 2, 1, 8])?);
    let (start, length) = (View::new(&start, &[])?, View::new(&length, &[1])?);
    let cache = &[1, 2, 16, 8];
    let mut outputs = [ViewMut::new(&mut y, &[1, 4, 1, 8])?, ViewMut::new(keys, cache)?, ViewMut::new(values, cache)?];
    // The caches are updated in place: inputs 3 and 4 are the memory of outputs 1 and 2.
    let inputs = [q.into(), k.into(), v.into(), Input::SameAs(1), Input::SameAs(2), start.into(), length.into()];
    program.run_with(&inputs, &mut outputs, RunOptions::default())?;
    Ok(y)
}
// end of story

// Numbers in -1 .. 1 that look random (a linear congruential generator).
fn numbers(seed: &mut u64, count: usize) -> Vec<f32> {
    let mut next = || {
        *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((*seed >> 40) as f32 / 8388608.0) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

// softmax(q k^T / sqrt(SIZE)) v of one head in f64, over the tokens so far.
fn reference(q: &[f32], keys: &[Vec<f32>], values: &[Vec<f32>], head: usize) -> Vec<f64> {
    let part = |token: &[f32], i: usize| f64::from(token[head * SIZE + i]);
    let dot = |token: &Vec<f32>| (0..SIZE).map(|i| f64::from(q[i]) * part(token, i)).sum::<f64>() / (SIZE as f64).sqrt();
    let weights: Vec<f64> = keys.iter().map(|token| dot(token).exp()).collect();
    let total: f64 = weights.iter().sum();
    (0..SIZE).map(|i| weights.iter().zip(values).map(|(weight, token)| weight * part(token, i)).sum::<f64>() / total).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::new()?;
    let program = decoder(&context)?.compile()?;
    let (mut keys, mut values) = (vec![0.0; KEY_HEADS * ROOM * SIZE], vec![0.0; KEY_HEADS * ROOM * SIZE]);
    let (mut all_keys, mut all_values) = (Vec::new(), Vec::new());
    let (mut seed, mut worst) = (1, 0.0f64);
    for at in 0..STEPS {
        let q = numbers(&mut seed, HEADS * SIZE);
        all_keys.push(numbers(&mut seed, KEY_HEADS * SIZE));
        all_values.push(numbers(&mut seed, KEY_HEADS * SIZE));
        let y = step(&program, at as i32, [&q, &all_keys[at], &all_values[at]], &mut keys, &mut values)?;
        for head in 0..HEADS {
            let want = reference(&q[head * SIZE..][..SIZE], &all_keys, &all_values, head * KEY_HEADS / HEADS);
            for (got, want) in y[head * SIZE..][..SIZE].iter().zip(want) {
                worst = worst.max((f64::from(*got) - want).abs());
            }
        }
    }
    println!("{STEPS} tokens, largest difference from f64: {worst:.1e}");
    if worst < 2e-6 {
        Ok(())
    } else {
        Err("too far from the plain loop in f64".into())
    }
}

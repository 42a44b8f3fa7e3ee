//! Every test that is not beside the code it tries, in one program.

mod pool;
mod support;

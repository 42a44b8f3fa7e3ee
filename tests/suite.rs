<<<<<<< HEAD
//! All tests that need more than one module, in one binary: it is linked once.

mod architecture;
mod browser;
mod store;
=======
//! All tests that need more than one module, in one binary.

mod mail;
>>>>>>> mail
mod support;

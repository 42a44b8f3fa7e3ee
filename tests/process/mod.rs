//! The real binary: killed, told to stop, started twice, started wrongly. What must hold across the life of processes
//! cannot be seen inside one.

mod kill;

//! Memory of both processes by jemalloc: the C library's own allocator keeps a third more after the megabytes of a sweep's
//! requests have grown and shrunk between small things that stay.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

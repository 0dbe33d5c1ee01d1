//! Keeps the program small: what learning has used for a moment goes back to the system.

/// Hands freed memory back to the system, which glibc's allocator does not do by itself for its threads' arenas.
///
/// Takes a few milliseconds; elsewhere than on Linux with glibc it does nothing.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "every function of the C library is")]
    // SAFETY: `malloc_trim` may be called at any time from any thread, and touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

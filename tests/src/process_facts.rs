//! What the kernel says of a process: CPU time used, peak memory and bytes written.

/// Kernel clock ticks a second on Linux (`sysconf(_SC_CLK_TCK)` is 100 on every supported architecture).
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time so far, seconds; NaN where the process is gone.
#[must_use]
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Fields 14 and 15, counted after the command in parentheses, which may hold spaces.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split_whitespace().collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

/// Largest resident size so far, MB; NaN where the process is gone.
#[must_use]
pub fn peak_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|rest| rest.split_whitespace().next()).and_then(|text| text.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// Bytes that it had written to disk so far, MB; NaN where the process is gone.
#[must_use]
pub fn written_mb(pid: u32) -> f64 {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.trim().parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

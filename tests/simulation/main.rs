//! A year of a shop in less than a minute: 500 customers, 12 staff, every way of failing, restarts and two changes of the clocks.
//!
//! `cargo test --release --test simulation -- --nocapture`. `SEEDS` (how many years), `FIRST` (the first seed), `DAYS`, `CUSTOMERS`,
//! `STAFF` come from the environment. The last line is `seeds=… days=… events=… broken=…`; a broken invariant is shown with its
//! seed and ends the program with 1.

#![allow(clippy::print_stdout)] // it is a program of its own, and its last line is a contract

mod chance;
mod people;
mod watch;
mod world;
mod year;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use year::{Size, Year};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if std::env::args().any(|argument| argument == "--list") || filters.iter().any(|filter| !"simulation".contains(filter.as_str())) {
        return ExitCode::SUCCESS;
    }
    // Unoptimised, a year takes long: there a few weeks of a smaller shop show what breaks.
    let small = cfg!(debug_assertions);
    let (seeds, first) = (number("SEEDS", if small { 1 } else { 2 }), number("FIRST", 1));
    let size = Size {
        days: number("DAYS", if small { 14 } else { 365 }) as i64,
        customers: number("CUSTOMERS", if small { 200 } else { 500 }) as usize,
        staff: number("STAFF", 12) as usize,
    };
    let next = AtomicU64::new(first);
    let sums = Mutex::new((0_u64, [0_u64; 6], 0_usize, 0.0_f64));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(seeds as usize);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let start = Instant::now();
                    let (events, broken, counts) = runtime.block_on(async {
                        let mut year = Year::new(seed, size).await;
                        year.live().await;
                        (year.events, year.broken(), year.counts())
                    });
                    let took = start.elapsed().as_secs_f64();
                    for broken in &broken {
                        println!("seed {seed}: {broken}");
                    }
                    let mut sums = sums.lock().expect("sums");
                    sums.0 += events;
                    sums.1.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                    sums.2 += broken.len();
                    sums.3 = sums.3.max(took);
                }
            });
        }
    });
    let (events, [alerts, lines, acted, joined, spread, moved], broken, slowest) = sums.into_inner().expect("sums");
    println!(
        "{} customers, {} staff: {alerts} alerts, {lines} lines; at the end {joined} joined conversations and {acted} actions of a month; \
         {spread} cards in further groups, {moved} handoffs that moved to another; \
         the slowest year took {slowest:.1} s",
        size.customers, size.staff
    );
    println!("seeds={seeds} days={} events={events} broken={broken}", size.days);
    ExitCode::from(u8::from(broken > 0))
}

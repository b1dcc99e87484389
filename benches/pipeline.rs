//! What each part of the pipeline costs: `cargo bench --bench pipeline`. The whole, beside others, is measured by
//! `benches/compare.sh`.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wabizspec::custody::{Controls, Target};
use wabizspec::exchange::Exchange;
use wabizspec::judge::{Judgement, Oracles};
use wabizspec::plan::{Capabilities, cases, plan};
use wabizspec::reference::{Registration, Server, Settings as Client};
use wabizspec::report::{Format, Reports};
use wabizspec::run::{Event, Settings, Witness, collect};
use wabizspec::scenario::{Step, Suite};
use wabizspec::template::Bindings;
use wabizspec::transport::origin::Origin;
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Client as Speaker, Limits, Transport};

/// One answer, what was asked of it and what was known then.
struct Judged {
    step: Step,
    exchange: Exchange,
    bindings: Bindings,
}

/// A run of the embedded suite: its events, and every exchange that was judged.
fn recorded(suite: &Suite) -> (Vec<Event>, Vec<Judged>) {
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), Client::default()).expect("a free port");
    let origin: Origin = server.url().parse().expect("an address");
    let wire = Speaker::Wire(Wire::new(origin.clone(), None, Limits::default()));
    let target = Target::new(Transport::new(wire, origin, Vec::new()), Controls::Instance(std::sync::Arc::new(server)));
    let judged = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&judged);
    let settings = Settings {
        witness: Some(Witness::new(move |witnessed| {
            seen.lock().expect("no holder panics").push(Judged {
                step: witnessed.step.clone(),
                exchange: witnessed.exchange.clone(),
                bindings: witnessed.bindings.clone(),
            });
        })),
        ..Settings::disposable(1)
    };
    let plan = plan(cases(suite), &Capabilities::embedded(Registration::Open));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let events = runtime.expect("a runtime").block_on(collect(
        &suite.register,
        plan,
        target,
        Some(Registration::Open),
        &settings,
    ));
    let judged = std::mem::take(&mut *judged.lock().expect("no holder panics"));
    (events, judged)
}

fn pipeline(criterion: &mut Criterion) {
    let suite = Suite::embedded().expect("the suite");
    let capabilities = Capabilities::embedded(Registration::Open);
    let (events, judged) = recorded(&suite);
    let (cases_of_suite, answers) = (cases(&suite).len() as u64, judged.len() as u64);

    let mut group = criterion.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(suite.scenarios.len() as u64));
    group.bench_function("parse: files of the suite", |bencher| bencher.iter(Suite::embedded));

    group.throughput(Throughput::Elements(cases_of_suite));
    group.bench_function("plan: cases", |bencher| {
        bencher.iter(|| plan(cases(&suite), &capabilities));
    });

    let oracles = Oracles::of(&suite.register);
    group.throughput(Throughput::Elements(answers));
    group.bench_function("judge: answers", |bencher| {
        bencher.iter(|| {
            let mut whole = Judgement::default();
            for Judged { step, exchange, bindings } in &judged {
                whole.absorb(oracles.judge(&step.name, exchange));
                for expectation in &step.expectations {
                    whole.absorb(expectation.judge(&step.name, exchange, bindings));
                }
            }
            whole
        });
    });

    group.throughput(Throughput::Elements(cases_of_suite));
    for (name, format) in Format::ALL {
        group.bench_function(format!("render: cases as {name}"), |bencher| {
            bencher.iter(|| {
                let mut reports = Reports::default();
                reports.add(name, format.onto(Box::new(io::sink())));
                for event in &events {
                    reports.take(event);
                }
                reports.finish()
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = pipeline
}
criterion_main!(benches);

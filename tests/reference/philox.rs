//! The counter-based generator, to the last bit, against randomgen's; its normals against numpy's transform of those words.

use risk_engine::random::{normals, philox};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, numbers};
use crate::gauge::Gauge;

const CASES: usize = 2_000;

#[derive(Debug)]
struct Case {
    seed: u64,
    counter: [u32; 4],
}

impl Case {
    fn draw(draw: &mut Draw) -> Self {
        // Small numbers beside any: carries between the words, zeros, the last counter of all.
        let mut word = || {
            let any = u32::try_from(draw.bits() >> 32).expect("32 bits");
            draw.one_of(&[any, any, any % 10, u32::MAX, 0])
        };
        let counter = [word(), word(), word(), word()];
        let any = draw.bits();
        Self { seed: draw.one_of(&[any, any, any % 10, u64::MAX]), counter }
    }

    fn question(&self) -> Value {
        json!({ "seed": self.seed.to_string(), "counter": self.counter })
    }
}

#[test]
fn the_generators_words_are_randomgens_and_its_normals_numpys() {
    let Some(answered) = answered("philox.py", "philox", CASES, Case::draw, Case::question) else {
        return;
    };
    let mut words = Gauge::exact("Philox4x32-10, words (randomgen)");
    let mut normal = Gauge::relative("Box and Muller's normals of those words (numpy)", 1e-12);
    for (case, answer) in &answered {
        words.same(&json!(philox(case.seed, case.counter)), &answer["words"], case);
        for (seen, wanted) in normals(case.seed, case.counter).iter().zip(numbers(answer, "normals")) {
            // Near an angle's zero the sine's own argument is what is rounded.
            normal.near(*seen, wanted, 1e-14, case);
        }
    }
    words.report(CASES);
    normal.report(4 * CASES);
}

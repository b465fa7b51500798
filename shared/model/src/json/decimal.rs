//! The 64-bit float that is nearest to a decimal number, ties to even: what `str::parse` answers, without its tables of
//! ten kilobytes, which the edge's module has no room for.

/// Digits that decide: the longest decimal in the middle between two floats has 767.
const MAX_DIGITS: usize = 800;
/// Above this many digits before the point a number is infinite, below it zero, whatever the digits are.
const FAR: i64 = 400;
/// Bits of one shift: a digit and its carry stay far within 64 bits.
const MAX_SHIFT: u32 = 28;
/// Powers of ten that are exact.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The float nearest to a number as JSON writes it; infinite where it is larger than any.
#[inline(never)]
pub(super) fn nearest(text: &[u8]) -> f64 {
    let (is_negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let number = Decimal::read(text);
    let size = number.exact().unwrap_or_else(|| number.round());
    if is_negative { -size } else { size }
}

/// 0.d₁d₂d₃… × 10^point, the first digit not zero; no digits are zero.
struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    fn read(text: &[u8]) -> Self {
        let mut number = Self { digits: Vec::with_capacity(32), point: 0 };
        let mut is_fraction = false;
        let mut rest = text.iter();
        while let Some(byte) = rest.next() {
            match byte {
                b'.' => is_fraction = true,
                b'e' | b'E' => {
                    number.point = number.point.saturating_add(exponent(rest.as_slice()));
                    break;
                }
                // Zeros before the first digit only move the point.
                b'0' if number.digits.is_empty() => number.point -= i64::from(is_fraction),
                byte => {
                    number.push(byte - b'0');
                    number.point += i64::from(!is_fraction);
                }
            }
        }
        number
    }

    fn push(&mut self, digit: u8) {
        if self.digits.len() <= MAX_DIGITS {
            self.digits.push(digit);
        } else if digit != 0 {
            // What is cut off is more than nothing: it makes a tie no tie.
            self.digits[MAX_DIGITS] = 1;
        }
    }

    /// By one multiplication or division that is exact in itself (Clinger): nearly every number that people write.
    #[expect(clippy::cast_precision_loss, reason = "under 2^53 every whole number is a float")]
    fn exact(&self) -> Option<f64> {
        let count = i64::try_from(self.digits.len()).ok().filter(|count| *count <= 15)?;
        let digits = self.digits.iter().fold(0_u64, |whole, digit| whole * 10 + u64::from(*digit)) as f64;
        let tens = self.point - count;
        let power = EXACT.get(usize::try_from(tens.unsigned_abs()).ok()?)?;
        Some(if tens < 0 { digits / power } else { digits * power })
    }

    /// By shifting the number to between a half and one, then by as many bits as the float has, and rounding it there.
    #[cold]
    fn round(mut self) -> f64 {
        if self.digits.is_empty() || self.point < -FAR {
            return 0.0;
        }
        if self.point > FAR {
            return f64::INFINITY;
        }
        let mut exponent = 0_i64;
        while self.point > 0 {
            let bits = if self.point > 8 { MAX_SHIFT } else { 1 };
            self.halve(bits);
            exponent += i64::from(bits);
        }
        while self.point < 0 || self.digits[0] < 5 {
            let bits = if self.point < -9 { MAX_SHIFT } else { 1 };
            self.double(bits);
            exponent -= i64::from(bits);
        }
        let biased = (exponent + 1_022).max(1);
        let Ok(bits) = u32::try_from(exponent + 1_075 - biased) else { return 0.0 };
        self.double(bits / 2);
        self.double(bits - bits / 2);
        let Ok(biased) = u64::try_from(biased) else { return 0.0 };
        // A significand that was rounded up to the next power of two carries into the exponent.
        let float = f64::from_bits(((biased - 1) << 52) + self.whole());
        if biased > 2_046 { f64::INFINITY } else { float }
    }

    /// The nearest whole number, ties to even.
    fn whole(&self) -> u64 {
        let count = usize::try_from(self.point).unwrap_or_default();
        let digit = |place: usize| self.digits.get(place).copied().unwrap_or_default();
        let whole = (0..count).fold(0_u64, |whole, place| whole * 10 + u64::from(digit(place)));
        let is_tie = digit(count) == 5 && self.digits.len() == count + 1;
        let is_up = if is_tie { whole % 2 == 1 } else { digit(count) >= 5 };
        whole + u64::from(is_up)
    }

    /// Divides by 2^bits.
    fn halve(&mut self, bits: u32) {
        let mut halved = Vec::with_capacity(self.digits.len() + 28);
        let mut left = 0_u64;
        let mut rest = self.digits.iter();
        while let Some(digit) = rest.next().copied().or((left != 0).then_some(0)) {
            left = left * 10 + u64::from(digit);
            let one = low_digit(left >> bits);
            left &= (1 << bits) - 1;
            if one == 0 && halved.is_empty() {
                self.point -= 1;
            } else {
                halved.push(one);
            }
        }
        self.digits = halved;
    }

    /// Multiplies by 2^bits.
    fn double(&mut self, bits: u32) {
        let mut carry = 0_u64;
        for digit in self.digits.iter_mut().rev() {
            carry += u64::from(*digit) << bits;
            *digit = low_digit(carry % 10);
            carry /= 10;
        }
        while carry > 0 {
            self.digits.insert(0, low_digit(carry % 10));
            carry /= 10;
            self.point += 1;
        }
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
    }
}

/// A number under ten as a digit.
fn low_digit(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// The number after an `e`; what is beyond any float stands for itself.
fn exponent(text: &[u8]) -> i64 {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let add = |whole: i64, digit: &u8| whole.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    // Halved, so that it may be added to without an overflow, and still beyond everything.
    let size = digits.iter().fold(0, add).min(i64::MAX / 2);
    if is_negative { -size } else { size }
}

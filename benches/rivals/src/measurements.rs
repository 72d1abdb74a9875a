//! Samples, and what is made of them.

use crate::workload::Workload;

/// The samples of a run.
#[derive(Debug, Default)]
pub(crate) struct Measurements {
    series: Vec<Series>,
}

/// What one contestant needed for one workload, a sample a round, in the workload's unit.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) workload: Workload,
    pub(crate) contestant: &'static str,
    samples: Vec<f64>,
}

impl Measurements {
    pub(crate) fn add(&mut self, workload: Workload, contestant: &'static str, sample: f64) {
        let same =
            |series: &&mut Series| series.workload == workload && series.contestant == contestant;
        match self.series.iter_mut().find(same) {
            Some(series) => series.samples.push(sample),
            None => self.series.push(Series {
                workload,
                contestant,
                samples: vec![sample],
            }),
        }
    }

    pub(crate) fn series(&self) -> &[Series] {
        &self.series
    }

    /// None for what was not measured.
    pub(crate) fn median(&self, workload: Workload, contestant: &str) -> Option<f64> {
        self.series
            .iter()
            .find(|series| series.workload == workload && series.contestant == contestant)
            .map(Series::median)
    }
}

impl Series {
    /// The middle one, or the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _ => sorted[middle],
        }
    }

    pub(crate) fn min(&self) -> f64 {
        self.samples.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn max(&self) -> f64 {
        self.samples.iter().copied().fold(0.0, f64::max)
    }

    pub(crate) fn sample_count(&self) -> usize {
        self.samples.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_one_bad_sample() {
        let mut measurements = Measurements::default();
        for sample in [3.0, 900.0, 1.0] {
            measurements.add(Workload::W2, "hand", sample);
        }
        assert_eq!(measurements.median(Workload::W2, "hand"), Some(3.0));
        measurements.add(Workload::W2, "hand", 5.0);
        assert_eq!(measurements.median(Workload::W2, "hand"), Some(4.0));
        let [series] = measurements.series() else {
            panic!("one workload and one contestant are one series");
        };
        assert_eq!(
            (series.min(), series.max(), series.sample_count()),
            (1.0, 900.0, 4)
        );
        assert_eq!(measurements.median(Workload::W2, "sqlite"), None);
    }
}

//! Charts as SVG that takes its colours from the page.

use plotters::prelude::{
    ChartBuilder, Circle, Color as _, IntoDrawingArea as _, IntoFont as _, IntoSegmentedCoord as _,
    LineSeries, RGBColor, Rectangle, SVGBackend, SegmentValue,
};

use crate::error::{Error, Kind, Result};
use crate::report::html::{append, escaped};
use crate::report::money::{exponent, major_units};

/// Size of the drawing; it grows and shrinks with the page.
const SIZE: (u32, u32) = (680, 300);
/// Most labels below the horizontal axis.
const MOST_LABELS: usize = 12;
/// Stands for the ink of the page.
const INK: RGBColor = RGBColor(1, 1, 1);
/// Stands for its lines.
const LINE: RGBColor = RGBColor(2, 2, 2);

/// Numbers over the months of a chart.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Name in the legend.
    pub(super) name: &'static str,
    /// Which of the page's colours, 0 to 5.
    pub(super) colour: u8,
    /// A value per month.
    pub(super) values: Vec<f64>,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// Heading.
    pub(super) title: String,
    /// Months, oldest first, as `2026-05`.
    pub(super) months: Vec<String>,
    /// Stacked bars: above zero and below it apart.
    pub(super) bars: Vec<Series>,
    /// Lines over them.
    pub(super) lines: Vec<Series>,
    /// Currency of the values, which are minor units then; else they are days.
    pub(super) currency: Option<String>,
}

impl Chart {
    /// Draws a figure with heading, legend and a sentence for those who cannot see it.
    ///
    /// # Errors
    /// [`Kind::State`] where the library refuses; no data is known to do that.
    pub(super) fn write(&self, html: &mut String) -> Result<()> {
        let svg = self.svg().map_err(|error| {
            Error::new(Kind::State, format!("a chart cannot be drawn: {error}"))
        })?;
        let svg = svg.replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(&self.summary())),
            1,
        );
        append(
            html,
            format_args!("<figure>\n<figcaption>{}</figcaption>\n{svg}", escaped(&self.title)),
        );
        html.push_str("<ul class=\"legend\">");
        for series in self.bars.iter().chain(&self.lines) {
            append(
                html,
                format_args!(
                    "<li><span style=\"background:var(--c{})\"></span>{}</li>",
                    series.colour,
                    escaped(series.name)
                ),
            );
        }
        html.push_str("</ul>\n</figure>\n");
        Ok(())
    }

    /// Says what the chart shows last.
    fn summary(&self) -> String {
        let last = |series: &Series| {
            let value = series.values.last().copied().unwrap_or(0.0);
            format!("{} {}", series.name, self.exact(value))
        };
        let values: Vec<String> = self.bars.iter().chain(&self.lines).map(last).collect();
        format!(
            "{}. {} months, the last one {}: {}. The numbers are in the tables below.",
            self.title,
            self.months.len(),
            self.months.last().map_or("none", String::as_str),
            values.join(", ")
        )
    }

    fn exact(&self, value: f64) -> String {
        match &self.currency {
            Some(code) => major_units(whole(value), Some(code)),
            None => format!("{value:.1} days"),
        }
    }

    /// Writes a value short enough for an axis: `1.2k`, `3M`.
    fn short(&self, value: f64) -> String {
        let places = self.currency.as_deref().and_then(exponent).unwrap_or(0);
        let value = value / 10_f64.powi(i32::try_from(places).unwrap_or(0));
        let (scaled, unit) = match value.abs() {
            size if size >= 1e9 => (value / 1e9, "G"),
            size if size >= 1e6 => (value / 1e6, "M"),
            size if size >= 1e3 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        let digits = format!("{scaled:.1}");
        format!("{}{unit}", digits.strip_suffix(".0").unwrap_or(&digits))
    }

    /// Gives the lowest and the highest value, zero included.
    fn bounds(&self) -> (f64, f64) {
        let (mut low, mut high) = (0_f64, 0_f64);
        for month in 0..self.months.len() {
            let at = |series: &Series| series.values.get(month).copied().unwrap_or(0.0);
            let up: f64 = self.bars.iter().map(at).filter(|value| *value > 0.0).sum();
            let down: f64 = self.bars.iter().map(at).filter(|value| *value < 0.0).sum();
            high = self.lines.iter().map(at).fold(high.max(up), f64::max);
            low = self.lines.iter().map(at).fold(low.min(down), f64::min);
        }
        let room = ((high - low) * 0.05).max(1.0);
        (if low < 0.0 { low - room } else { 0.0 }, high + room)
    }

    fn svg(&self) -> std::result::Result<String, Box<dyn std::error::Error>> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let (low, high) = self.bounds();
            let mut chart = ChartBuilder::on(&area)
                .margin(8)
                .x_label_area_size(28)
                .y_label_area_size(56)
                .build_cartesian_2d((0..self.months.len()).into_segmented(), low..high)?;
            let label = |place: &SegmentValue<usize>| match place {
                SegmentValue::CenterOf(place) | SegmentValue::Exact(place) => {
                    self.months.get(*place).cloned().unwrap_or_default()
                }
                SegmentValue::Last => String::new(),
            };
            let font = ("system-ui, sans-serif", 13).into_font().color(&INK);
            chart
                .configure_mesh()
                .disable_x_mesh()
                .light_line_style(LINE.mix(0.0))
                .bold_line_style(LINE)
                .axis_style(LINE)
                .x_labels(self.months.len().clamp(1, MOST_LABELS))
                .y_labels(6)
                .x_label_formatter(&label)
                .y_label_formatter(&|value| self.short(*value))
                .label_style(font)
                .draw()?;
            for month in 0..self.months.len() {
                let (mut up, mut down) = (0.0, 0.0);
                for series in &self.bars {
                    let value = series.values.get(month).copied().unwrap_or(0.0);
                    let base = if value >= 0.0 { &mut up } else { &mut down };
                    let (from, to) = (*base, *base + value);
                    *base = to;
                    let mut bar = Rectangle::new(
                        [(SegmentValue::Exact(month), from), (SegmentValue::Exact(month + 1), to)],
                        stand_in(series.colour).filled(),
                    );
                    bar.set_margin(0, 0, 3, 3);
                    chart.draw_series(std::iter::once(bar))?;
                }
            }
            for series in &self.lines {
                let points = || {
                    series
                        .values
                        .iter()
                        .enumerate()
                        .map(|(month, value)| (SegmentValue::CenterOf(month), *value))
                };
                let colour = stand_in(series.colour);
                chart.draw_series(LineSeries::new(points(), colour.stroke_width(2)))?;
                chart.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
            }
            area.present()?;
        }
        Ok(themed(&svg))
    }
}

/// Rounds to a whole number of minor units.
fn whole(value: f64) -> i128 {
    format!("{value:.0}").parse().unwrap_or(0)
}

/// Gives a colour that only stands for one of the page's.
const fn stand_in(colour: u8) -> RGBColor {
    RGBColor(3, 3, colour)
}

/// Lets the page decide about colours, and the text be found by its own size.
fn themed(svg: &str) -> String {
    let mut themed =
        svg.replace("\"#010101\"", "\"var(--ink)\"").replace("\"#020202\"", "\"var(--line)\"");
    for colour in 0..6 {
        themed = themed.replace(&format!("\"#03030{colour}\""), &format!("\"var(--c{colour})\""));
    }
    themed
}

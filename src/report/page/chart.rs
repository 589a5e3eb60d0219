//! Charts as SVG that takes its colours and patterns from the page.

use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color as _, DrawingArea, IntoDrawingArea as _, IntoFont as _,
    IntoSegmentedCoord as _, PathElement, RGBColor, Rectangle, SVGBackend, SegmentValue,
};

use crate::error::{Error, Kind, Result};
use crate::report::html::{append, escaped};
use crate::report::money::{exponent, major_units};

/// One of the two sizes in which a chart is drawn; the page shows the one that fits the screen.
struct Drawing {
    class: &'static str,
    size: (u32, u32),
    labels: usize,
}

const DRAWINGS: [Drawing; 2] = [
    Drawing { class: "wide", size: (640, 300), labels: 8 },
    Drawing { class: "narrow", size: (340, 260), labels: 4 },
];
/// Size of the text in the units of the library, which are smaller than pixels.
const TEXT: i32 = 15;
/// Stands for the ink of the page.
const INK: RGBColor = RGBColor(1, 1, 1);
/// Stands for its lines.
const LINE: RGBColor = RGBColor(2, 2, 2);

/// Numbers over the months of a chart.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Name in the legend.
    pub(super) name: &'static str,
    /// Which of the page's colours and patterns, 0 to 5.
    pub(super) colour: u8,
    /// A value per month; none where there is nothing to tell.
    pub(super) values: Vec<Option<f64>>,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// Heading.
    pub(super) title: String,
    /// Report that holds the numbers.
    pub(super) report: &'static str,
    /// Months, oldest first, as `2026-05`.
    pub(super) months: Vec<String>,
    /// Stacked bars: above zero and below it apart.
    pub(super) bars: Vec<Series>,
    /// Lines over them.
    pub(super) lines: Vec<Series>,
    /// Currency of the values, which are minor units then; else they are days.
    pub(super) currency: Option<String>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// Writes the patterns by which bars differ for those who cannot tell their colours apart.
pub(super) fn write_patterns(html: &mut String) {
    html.push_str("<svg class=\"patterns\" aria-hidden=\"true\" focusable=\"false\"><defs>\n");
    for (colour, marks) in [
        "",
        "<path d=\"M-2 2 2-2M0 8 8 0M6 10 10 6\"/>",
        "<circle cx=\"2\" cy=\"2\" r=\"1.1\"/><circle cx=\"6\" cy=\"6\" r=\"1.1\"/>",
        "<path d=\"M0 0 8 8M8 0 0 8\"/>",
        "<path d=\"M0 2H8M0 6H8\"/>",
        "<path d=\"M2 0V8M6 0V8\"/>",
    ]
    .iter()
    .enumerate()
    {
        append(
            html,
            format_args!(
                "<pattern id=\"p{colour}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
                 <rect width=\"8\" height=\"8\" fill=\"var(--c{colour})\"/>{marks}</pattern>\n"
            ),
        );
    }
    html.push_str("</defs></svg>\n");
}

impl Chart {
    /// Draws a figure with heading, legend and a sentence for those who cannot see it.
    ///
    /// # Errors
    /// [`Kind::State`] where the library refuses; no data is known to do that.
    pub(super) fn write(&self, html: &mut String) -> Result<()> {
        append(html, format_args!("<figure>\n<figcaption>{}</figcaption>\n", escaped(&self.title)));
        if self.is_empty() {
            html.push_str("<p class=\"faint\">Nothing to show in these months.</p>\n</figure>\n");
            return Ok(());
        }
        for drawing in &DRAWINGS {
            let svg = self.svg(drawing).map_err(|error| {
                Error::new(Kind::State, format!("a chart cannot be drawn: {error}"))
            })?;
            let named = format!(
                "<svg class=\"{}\" role=\"img\" aria-label=\"{}\" ",
                drawing.class,
                escaped(&self.summary())
            );
            html.push_str(&svg.replacen("<svg ", &named, 1));
        }
        self.write_legend(html);
        append(
            html,
            format_args!(
                "<p><a href=\"#numbers-{}\">All numbers</a></p>\n</figure>\n",
                self.report
            ),
        );
        Ok(())
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.bars.iter().chain(&self.lines)
    }

    fn is_empty(&self) -> bool {
        self.series().flat_map(|series| &series.values).all(|value| value.unwrap_or(0.0) == 0.0)
    }

    fn write_legend(&self, html: &mut String) {
        let month = self.months.last().map_or("-", String::as_str);
        append(html, format_args!("<p class=\"faint\">{month}:</p>\n<ul class=\"legend\">\n"));
        for series in self.series() {
            let colour = series.colour;
            let swatch = if self.bars.iter().any(|bar| bar.name == series.name) {
                format!("<rect width=\"16\" height=\"16\" fill=\"url(#p{colour})\"/>")
            } else {
                format!(
                    "<path d=\"M0 8H16\" stroke=\"var(--c{colour})\" stroke-width=\"2\"/>\
                     <circle cx=\"8\" cy=\"8\" r=\"4\" fill=\"var(--c{colour})\"/>"
                )
            };
            append(
                html,
                format_args!(
                    "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\">{swatch}</svg> {} \
                     <strong>{}</strong></li>\n",
                    escaped(series.name),
                    escaped(&self.last(series))
                ),
            );
        }
        html.push_str("</ul>\n");
    }

    /// Says what the chart shows last.
    fn summary(&self) -> String {
        let values: Vec<String> =
            self.series().map(|series| format!("{} {}", series.name, self.last(series))).collect();
        format!(
            "{}. {} months, the last one {}: {}.",
            self.title,
            self.months.len(),
            self.months.last().map_or("none", String::as_str),
            values.join(", ")
        )
    }

    fn last(&self, series: &Series) -> String {
        match (series.values.last().copied().flatten(), &self.currency) {
            (Some(value), Some(code)) => major_units(whole(value), Some(code)),
            (None, Some(code)) => major_units(0, Some(code)),
            (Some(value), None) => format!("{value:.1} days"),
            (None, None) => "unknown".to_owned(),
        }
    }

    /// Writes a value short enough for an axis: `1.2k`, `3M`.
    fn short(&self, value: f64) -> String {
        let places = self.currency.as_deref().and_then(exponent).unwrap_or(0);
        let value = value / 10_f64.powi(i32::try_from(places).unwrap_or(0));
        let (scaled, unit) = match value.abs() {
            size if size >= 1e9 => (value / 1e9, "bn"),
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
            let at = |series: &Series| series.values.get(month).copied().flatten().unwrap_or(0.0);
            let up: f64 = self.bars.iter().map(at).filter(|value| *value > 0.0).sum();
            let down: f64 = self.bars.iter().map(at).filter(|value| *value < 0.0).sum();
            high = self.lines.iter().map(at).fold(high.max(up), f64::max);
            low = self.lines.iter().map(at).fold(low.min(down), f64::min);
        }
        let room = ((high - low) * 0.05).max(1.0);
        (if low < 0.0 { low - room } else { 0.0 }, high + room)
    }

    fn svg(&self, drawing: &Drawing) -> std::result::Result<String, Box<dyn std::error::Error>> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, drawing.size).into_drawing_area();
            self.draw(&area, drawing.labels)?;
            area.present()?;
        }
        Ok(themed(&svg))
    }

    fn draw(&self, area: &Area<'_>, labels: usize) -> Drawn {
        let (low, high) = self.bounds();
        let months = self.months.len();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(52)
            .build_cartesian_2d((0..months.saturating_sub(1)).into_segmented(), low..high)?;
        let label = |place: &SegmentValue<usize>| match place {
            SegmentValue::CenterOf(place) | SegmentValue::Exact(place) => {
                self.months.get(*place).cloned().unwrap_or_default()
            }
            SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(LINE.mix(0.0))
            .bold_line_style(LINE)
            .axis_style(LINE)
            .x_labels(months.clamp(1, labels))
            .y_labels(6)
            .x_label_formatter(&label)
            .y_label_formatter(&|value| self.short(*value))
            .label_style(("system-ui, sans-serif", TEXT).into_font().color(&INK))
            .draw()?;
        let end_of = |month| match month + 1 {
            next if next < months => SegmentValue::Exact(next),
            _ => SegmentValue::Last,
        };
        for month in 0..months {
            for (colour, from, to) in self.stack(month) {
                let (left, right) = (SegmentValue::Exact(month), end_of(month));
                let mut bar = Rectangle::new([(left, from), (right, to)], colour.filled());
                bar.set_margin(0, 0, 2, 2);
                chart.draw_series(std::iter::once(bar))?;
            }
        }
        let axis = vec![(SegmentValue::Exact(0), 0.0), (SegmentValue::Last, 0.0)];
        let zero = PathElement::new(axis, INK.stroke_width(1));
        chart.draw_series(std::iter::once(zero))?;
        for series in &self.lines {
            let colour = RGBColor(4, 4, series.colour);
            for piece in pieces(&series.values) {
                chart.draw_series(
                    piece.iter().map(|point| Circle::new(point.clone(), 3, colour.filled())),
                )?;
                let line = PathElement::new(piece, colour.stroke_width(2));
                chart.draw_series(std::iter::once(line))?;
            }
        }
        Ok(())
    }

    /// Stacks the bars of a month: colour, lower and upper end of each.
    fn stack(&self, month: usize) -> Vec<(RGBColor, f64, f64)> {
        let (mut up, mut down) = (0.0, 0.0);
        let mut bars = Vec::new();
        for series in &self.bars {
            let value = series.values.get(month).copied().flatten().unwrap_or(0.0);
            let base = if value >= 0.0 { &mut up } else { &mut down };
            if value != 0.0 {
                bars.push((RGBColor(3, 3, series.colour), *base, *base + value));
            }
            *base += value;
        }
        bars
    }
}

/// A point of a line.
type Point = (SegmentValue<usize>, f64);

/// Cuts a line where months have no value.
fn pieces(values: &[Option<f64>]) -> Vec<Vec<Point>> {
    let mut pieces = vec![Vec::new()];
    for (month, value) in values.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((SegmentValue::CenterOf(month), *value)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Rounds to a whole number of minor units.
fn whole(value: f64) -> i128 {
    format!("{value:.0}").parse().unwrap_or(0)
}

/// Puts the page's own colours and patterns where others stood for them.
fn themed(svg: &str) -> String {
    let mut themed =
        svg.replace("\"#010101\"", "\"var(--ink)\"").replace("\"#020202\"", "\"var(--line)\"");
    for colour in 0..6 {
        themed = themed
            .replace(&format!("\"#03030{colour}\""), &format!("\"url(#p{colour})\""))
            .replace(&format!("\"#04040{colour}\""), &format!("\"var(--c{colour})\""));
    }
    themed
}

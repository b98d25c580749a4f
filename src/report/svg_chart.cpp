#include "report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/comparison.h"
#include "report/text_table.h"

namespace xedgesim::report {
namespace {

constexpr double kWidth = 760, kHeight = 380, kLeft = 78, kRight = 170, kTop = 34, kBottom = 52;
constexpr size_t kMostLegend = 14;

/// A tick's text: as few digits as the step needs.
std::string tick_text(double v, double step) {
  if (std::fabs(v) >= 1e6 || (step < 1e-4 && step > 0)) return fmt::format("{:.3g}", v);
  const int decimals = step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6) : 2;
  return fmt::format("{:.{}f}", v, decimals);
}

class SvgDrawing {
 public:
  explicit SvgDrawing(const Chart& chart) : chart_(chart), range_(chart_range(chart)) {
    y_ticks_ = axis_ticks(range_.y_low, range_.y_high, 6);
    if (y_ticks_.size() > 1) {
      range_.y_low = y_ticks_.front();
      range_.y_high = y_ticks_.back();
    }
  }

  std::string draw() {
    out_ =
        fmt::format("<svg class=\"chart\" id=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title>\n",
                    escape_html(chart_.id), kWidth, kHeight, escape_html(chart_.title));
    text(kLeft, 18, "start", chart_.title, "title");
    axes();
    for (const Chart::Mark& m : chart_.marks) mark(m);
    if (chart_.kind == Chart::Kind::stacked_bars) {
      bars();
    } else {
      if (chart_.kind == Chart::Kind::scatter) line(chart_.front, "#888", "6 4");
      for (size_t i = 0; i < chart_.series.size(); ++i) series(i);
    }
    legend();
    return out_ + "</svg>\n";
  }

 private:
  double x(double v) const {
    return kLeft + (v - range_.x_low) / (range_.x_high - range_.x_low) * (kWidth - kLeft - kRight);
  }
  double y(double v) const {
    return kHeight - kBottom -
           (v - range_.y_low) / (range_.y_high - range_.y_low) * (kHeight - kTop - kBottom);
  }
  void text(double px, double py, const char* anchor, std::string_view s, const char* style = "") {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", px, py,
                        anchor, style, escape_html(s));
  }
  void segment(double x1, double y1, double x2, double y2, const char* colour) {
    out_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1,
                        y1, x2, y2, colour);
  }

  void axes() {
    const double step = y_ticks_.size() > 1 ? y_ticks_[1] - y_ticks_[0] : 0;
    for (const double v : y_ticks_) {
      segment(kLeft, y(v), kWidth - kRight, y(v), "#e3e3e3");
      text(kLeft - 6, y(v) + 4, "end", tick_text(v, step));
    }
    if (chart_.kind == Chart::Kind::stacked_bars) {
      for (size_t i = 0; i < chart_.categories.size(); ++i) category(i);
    } else {
      const auto ticks = axis_ticks(range_.x_low, range_.x_high, 7);
      const double x_step = ticks.size() > 1 ? ticks[1] - ticks[0] : 0;
      for (const double v : ticks) {
        if (v < range_.x_low || v > range_.x_high) continue;
        segment(x(v), kHeight - kBottom, x(v), kHeight - kBottom + 4, "#666");
        text(x(v), kHeight - kBottom + 18, "middle", tick_text(v, x_step));
      }
    }
    segment(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, "#666");
    segment(kLeft, kTop, kLeft, kHeight - kBottom, "#666");
    text((kLeft + kWidth - kRight) / 2, kHeight - 12, "middle", chart_.x_label);
    out_ +=
        fmt::format("<text transform=\"translate(16 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                    (kTop + kHeight - kBottom) / 2, escape_html(chart_.y_label));
  }

  void category(size_t i) {
    const double room = (kWidth - kLeft - kRight) / static_cast<double>(chart_.categories.size());
    std::string name = chart_.categories[i];
    const auto most = static_cast<size_t>(std::max(3.0, room / 6.5));
    if (text_width(name) > most) name = "…" + name.substr(name.size() - std::min(name.size(), most - 1));
    text(x(static_cast<double>(i)), kHeight - kBottom + 18, "middle", name);
  }

  void mark(const Chart::Mark& m) {
    if (m.x < range_.x_low || m.x > range_.x_high) return;
    out_ += fmt::format(
        "<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" stroke=\"#b00\" "
        "stroke-dasharray=\"3 3\"><title>{3}</title></line>\n",
        x(m.x), kTop, kHeight - kBottom, escape_html(m.label));
    if (m.begins)
      out_ += fmt::format(
          "<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" class=\"mark\">{}</text>\n", x(m.x) - 4,
          kHeight - kBottom - 6, escape_html(m.label));
  }

  void line(const std::vector<ChartPoint>& points, const char* colour, const char* dashes) {
    if (points.empty()) return;
    out_ += fmt::format(
        "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-dasharray=\"{}\" points=\"",
        colour, dashes);
    const bool steps = chart_.kind == Chart::Kind::steps;
    for (size_t i = 0; i < points.size(); ++i) {
      if (steps && i > 0) out_ += fmt::format("{:.1f},{:.1f} ", x(points[i].x), y(points[i - 1].y));
      out_ += fmt::format("{:.1f},{:.1f} ", x(points[i].x), y(points[i].y));
    }
    out_ += "\"/>\n";
  }

  void series(size_t i) {
    const ChartSeries& s = chart_.series[i];
    const char* colour = series_colour(i);
    if (chart_.kind != Chart::Kind::scatter) return line(s.points, colour, "none");
    for (const ChartPoint& p : s.points) {
      if (p.x_error > 0) segment(x(p.x - p.x_error), y(p.y), x(p.x + p.x_error), y(p.y), colour);
      if (p.y_error > 0) segment(x(p.x), y(p.y - p.y_error), x(p.x), y(p.y + p.y_error), colour);
      out_ += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"><title>{}: {} {}, {} "
          "{}</title></circle>\n",
          x(p.x), y(p.y), colour, escape_html(p.label), escape_html(chart_.x_label), short_number(p.x),
          escape_html(chart_.y_label), short_number(p.y));
    }
  }

  void bars() {
    const double width =
        0.6 * (kWidth - kLeft - kRight) / static_cast<double>(std::max<size_t>(1, chart_.categories.size()));
    std::vector<double> base(chart_.categories.size(), 0.0);
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      for (const ChartPoint& p : chart_.series[i].points) {
        const auto c = static_cast<size_t>(p.x);
        if (c >= base.size() || !(p.y > 0)) continue;
        out_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"><title>{}, {}: "
            "{} {}"
            "</title></rect>\n",
            x(p.x) - width / 2, y(base[c] + p.y), width, y(base[c]) - y(base[c] + p.y), series_colour(i),
            escape_html(chart_.categories[c]), escape_html(chart_.series[i].name), short_number(p.y),
            escape_html(chart_.y_label));
        base[c] += p.y;
      }
    }
  }

  void legend() {
    if (chart_.series.size() < 2 && chart_.kind != Chart::Kind::scatter) return;
    for (size_t i = 0; i < std::min(chart_.series.size(), kMostLegend); ++i) {
      const double py = kTop + 8 + 18 * static_cast<double>(i);
      out_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"11\" height=\"11\" fill=\"{}\"/>\n",
                          kWidth - kRight + 12, py - 9, series_colour(i));
      std::string name = chart_.series[i].name;
      // The end of a name tells variants apart, its beginning is often the same.
      if (text_width(name) > 22) name = "…" + name.substr(name.size() - std::min<size_t>(name.size(), 21));
      text(kWidth - kRight + 28, py + 1, "start", name);
    }
  }

  const Chart& chart_;
  ChartRange range_;
  std::vector<double> y_ticks_;
  std::string out_;
};

}  // namespace

std::string svg_chart(const Chart& chart) { return SvgDrawing(chart).draw(); }

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

const char* series_colour(size_t index) {
  constexpr std::array kColours{"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                "#cc79a7", "#56b4e9", "#8c6d31", "#444444"};
  return kColours[index % kColours.size()];
}

}  // namespace xedgesim::report

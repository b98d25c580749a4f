#pragma once
#include <string>
#include <vector>

namespace xedgesim::report {

struct ChartPoint {
  double x = 0, y = 0;
  std::string label = {};           ///< scatter: printed beside it
  double x_error = 0, y_error = 0;  ///< half widths of a confidence interval
};

struct ChartSeries {
  std::string name = {};
  std::vector<ChartPoint> points = {};
};

/// One figure, drawn as inline SVG (svg_chart.h) or by gnuplot (gnuplot.h).
struct Chart {
  enum class Kind {
    lines,         ///< y over x
    steps,         ///< a histogram's outline: each point begins a bin
    stacked_bars,  ///< x is an index into `categories`
    scatter        ///< points; `front` joins the best of them
  };
  struct Mark {
    double x = 0;
    std::string label;
    bool begins = true;  ///< something begins here: the label is written beside the line
  };
  std::string id;  ///< file name without extension
  std::string title = {}, x_label = {}, y_label = {};
  Kind kind = Kind::lines;
  std::vector<ChartSeries> series = {};
  std::vector<std::string> categories = {};
  std::vector<ChartPoint> front = {};  ///< by rising x
  std::vector<Mark> marks = {};        ///< vertical lines, such as faults
  bool y_from_zero = true;
};

/// Round steps that cover a range: at most `most` + 2 values, the first at or below `low`, the last at or
/// above `high`.
std::vector<double> axis_ticks(double low, double high, size_t most);

/// The smallest box that holds everything drawn, widened where it would be empty.
struct ChartRange {
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
};
ChartRange chart_range(const Chart& chart);

}  // namespace xedgesim::report

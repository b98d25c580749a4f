#include "report/gnuplot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "experiment/batch_record.h"
#include "experiment/child.h"
#include "report/svg_chart.h"

namespace xedgesim::report {
namespace {

/// A text in gnuplot's single quotes; line breaks and other control characters become spaces.
std::string gnuplot_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "'";
}

std::string block_name(size_t i) { return fmt::format("$data{}", i); }

/// Columns: x, y, x error, y error. gnuplot cannot plot an empty block.
std::string data_block(const std::string& name, const std::vector<ChartPoint>& points) {
  std::string text = name + " << EOD\n";
  for (const ChartPoint& p : points)
    if (std::isfinite(p.x) && std::isfinite(p.y))
      text += fmt::format("{:.9g} {:.9g} {:.9g} {:.9g}\n", p.x, p.y, p.x_error, p.y_error);
  return text + "EOD\n";
}

std::string stacked_plot(const Chart& chart) {
  // One row a category: index, then one column a series.
  std::string text = "$data0 << EOD\n";
  for (size_t c = 0; c < chart.categories.size(); ++c) {
    text += fmt::format("{}", c);
    for (const ChartSeries& s : chart.series) {
      double y = 0;
      for (const ChartPoint& p : s.points)
        if (static_cast<size_t>(p.x) == c) y = p.y;
      text += fmt::format(" {:.9g}", y);
    }
    text += "\n";
  }
  text +=
      "EOD\nset style data histograms\nset style histogram rowstacked\nset boxwidth 0.6\nset style fill "
      "solid\n";
  text += "set xtics (";
  for (size_t c = 0; c < chart.categories.size(); ++c)
    text += fmt::format("{}{} {}", c == 0 ? "" : ", ", gnuplot_text(chart.categories[c]), c);
  text += ")\n";
  if (chart.categories.size() > 4) text += "set xtics rotate by -30\n";
  text += "plot ";
  for (size_t i = 0; i < chart.series.size(); ++i)
    text += fmt::format("{}$data0 using {} title {} linecolor rgb '{}'", i == 0 ? "" : ", \\\n  ", i + 2,
                        gnuplot_text(chart.series[i].name), series_colour(i));
  return text + "\n";
}

std::string point_plot(const Chart& chart) {
  std::string text, plots;
  const auto plot = [&](const std::string& what) { plots += (plots.empty() ? "plot " : ", \\\n  ") + what; };
  if (!chart.front.empty()) {
    text += data_block("$front", chart.front);
    plot("$front using 1:2 with lines dashtype 2 linecolor rgb '#888888' title 'Pareto front'");
  }
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const ChartSeries& s = chart.series[i];
    text += data_block(block_name(i), s.points);
    const std::string style =
        chart.kind == Chart::Kind::scatter
            ? "1:2:3:4 with xyerrorbars pointtype 7"
            : fmt::format("1:2 with {} linewidth 1.6", chart.kind == Chart::Kind::steps ? "steps" : "lines");
    plot(fmt::format("{} using {} linecolor rgb '{}' title {}", block_name(i), style, series_colour(i),
                     gnuplot_text(s.name)));
  }
  for (const Chart::Mark& m : chart.marks) {
    text += fmt::format(
        "set arrow from first {0:.9g}, graph 0 to first {0:.9g}, graph 1 nohead dashtype 3 "
        "linecolor rgb '#bb0000'\n",
        m.x);
    if (m.begins)
      text += fmt::format(
          "set label {} at first {:.9g}, graph 0.03 rotate by 90 offset -0.6,0 font ',9' textcolor rgb "
          "'#bb0000'\n",
          gnuplot_text(m.label), m.x);
  }
  return text + plots + "\n";
}

}  // namespace

std::string gnuplot_script(const Chart& chart, const std::string& terminal, const std::string& output) {
  std::string text = "# Drawn by xedgesim plot; change it and run gnuplot on it again as you like.\n";
  text += terminal == "svg" ? "set terminal svg noenhanced size 860,480 background rgb 'white'\n"
                            : "set terminal pngcairo noenhanced size 860,480\n";
  text += fmt::format("set output {}\n", gnuplot_text(output));
  text += fmt::format("set title {}\nset xlabel {}\nset ylabel {}\n", gnuplot_text(chart.title),
                      gnuplot_text(chart.x_label), gnuplot_text(chart.y_label));
  text += "set encoding utf8\nset grid\n";
  // A single line's name beside the plot would take its room.
  text += chart.series.size() == 1 ? "set key below\n" : "set key outside right top\n";
  const ChartRange r = chart_range(chart);
  if (chart.kind != Chart::Kind::stacked_bars)
    text += fmt::format("set xrange [{:.9g}:{:.9g}]\n", r.x_low, r.x_high);
  const double room = chart.kind == Chart::Kind::scatter ? 0 : (r.y_high - r.y_low) * 0.05;
  text += fmt::format("set yrange [{:.9g}:{:.9g}]\n", r.y_low, r.y_high + room);
  return text + (chart.kind == Chart::Kind::stacked_bars ? stacked_plot(chart) : point_plot(chart));
}

std::vector<std::filesystem::path> draw_with_gnuplot(std::span<const Chart> charts,
                                                     const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path log = directory / ".gnuplot.log";
  for (const Chart& chart : charts) {
    // One script draws both, into the folder it is run in, so that it may be run again by hand.
    const std::filesystem::path script = directory / (chart.id + ".gp");
    std::string text;
    for (const char* terminal : {"png", "svg"}) {
      files.push_back(directory / fmt::format("{}.{}", chart.id, terminal));
      text +=
          gnuplot_script(chart, terminal, files.back().filename().string()) + "unset output\nreset session\n";
    }
    experiment::replace_file(script, text);
    int code = 127;
    try {
      experiment::Child gnuplot(
          {"gnuplot", "-e", "cd " + gnuplot_text(std::filesystem::absolute(directory).string()),
           std::filesystem::absolute(script).string()},
          log);
      const experiment::ChildEnd end = gnuplot.wait();
      code = end.signal != 0 ? 1 : end.exit_code;
    } catch (const SimulationError&) {
    }
    if (code == 127)
      throw ConfigError(
          "gnuplot cannot be started: install it (Debian: apt install gnuplot-nox), or use "
          "report.html, which needs no gnuplot");
    std::ifstream in(log);
    std::string words, last;
    while (std::getline(in, words))
      if (!words.empty()) last = words;
    if (code != 0)
      throw SimulationError(fmt::format("gnuplot could not draw '{}': {}", script.string(), last));
  }
  std::error_code ec;
  std::filesystem::remove(log, ec);
  return files;
}

}  // namespace xedgesim::report

#pragma once
#include <string>

#include "report/chart.h"

namespace xedgesim::report {

/// The chart as an <svg> element for inlining in HTML: no scripts, no references to anything outside.
std::string svg_chart(const Chart& chart);

/// Text fit for HTML and SVG, in content and in attributes.
std::string escape_html(std::string_view text);

/// Colours that people with any colour vision tell apart (Okabe and Ito); they repeat after eight.
const char* series_colour(size_t index);

}  // namespace xedgesim::report

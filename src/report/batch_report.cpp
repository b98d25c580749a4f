#include "report/batch_report.h"

#include "experiment/batch_record.h"
#include "report/html_report.h"
#include "report/markdown.h"

namespace xedgesim::report {

void write_batch_reports(const RunSet& set) {
  const auto write = [&](const char* name, const std::string& text) {
    experiment::replace_file(set.directory / name, text);
  };
  if (set.batch) write("SUMMARY.md", batch_summary_markdown(set));
  write("REPORT.md", set.batch ? batch_markdown(set) : run_markdown(set));
  write("report.html", html_report(set));
}

}  // namespace xedgesim::report

#include <fmt/format.h>

#include <unordered_map>

#include "report/svg_chart.h"
#include "web/topology.h"

namespace xedgesim::web {

std::string topology_svg(const Topology& t) {
  using report::escape_html;
  std::unordered_map<std::string, const Topology::Node*> by_id;
  for (const Topology::Node& n : t.nodes) by_id[n.id] = &n;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "role=\"img\"><title>Topology</title>\n",
      t.width, t.height);
  for (const Topology::Edge& e : t.edges) {
    const Topology::Node &a = *by_id.at(e.from), &b = *by_id.at(e.to);
    out += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
        "y2=\"{:.1f}\"><title>{}</title></line>\n",
        e.kind, a.x, a.y, b.x, b.y, escape_html(e.label));
  }
  for (const Topology::Node& n : t.nodes) {
    const bool small = n.kind == "device";
    out += fmt::format(
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {}</title></circle>\n", n.kind,
        n.x, n.y, small ? 8 : 14, escape_html(n.label), escape_html(n.detail));
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", n.x,
                       n.y + (small ? 20 : 28), escape_html(n.label));
  }
  return out + "</svg>\n";
}

}  // namespace xedgesim::web

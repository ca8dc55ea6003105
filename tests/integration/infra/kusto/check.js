// Reads {"tables": {name: schema}, "queries": {name: text}} and prints {name: [what Kusto would refuse]}.
const folder = "@kusto/language-service-next";
require(`${folder}/bridge.min.js`);
require(`${folder}/Kusto.Language.Bridge.min.js`);

const { GlobalState, KustoCode, Symbols } = Kusto.Language;
const given = JSON.parse(require("fs").readFileSync(0, "utf-8"));

const tables = Object.entries(given.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
const list = new (System.Collections.Generic.List$1(Symbols.Symbol).ctor)();
tables.forEach((table) => list.add(table));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor3("insights", null, list, false));

const found = {};
for (const [name, text] of Object.entries(given.queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  found[name] = [];
  for (let number = 0; number < diagnostics.Count; number++) {
    const one = diagnostics.getItem(number);
    found[name].push(`${one.Severity}: ${one.Message} at: ${text.slice(one.Start, one.Start + 40)}`);
  }
}
console.log(JSON.stringify(found));

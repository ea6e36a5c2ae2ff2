using Roost;
string path = Path.Combine(Path.GetTempPath(), "t-" + Guid.NewGuid().ToString("N") + ".db");
await using var roost = new RoostRuntime(path);
roost.AddEngine(new CountEngine());
var id = await roost.EnqueueAsync(new WorkItem("count", new { count_to = 5 }));
var s = await roost.RunUntilDoneAsync(id);
Console.WriteLine(s);
foreach (int conc in new[]{1,16,64})
{
  await using var r2 = new RoostRuntime(new RoostOptions{ Path = path + conc, Concurrency = conc});
  r2.AddEngine(new CountEngine());
  await r2.EnqueueAsync(Enumerable.Range(0,2000).Select(_=>new WorkItem("count", new { count_to = 5 })));
  var t = System.Diagnostics.Stopwatch.StartNew();
  await r2.RunUntilIdleAsync();
  Console.WriteLine($"{conc}: {2000*6/t.Elapsed.TotalSeconds:N0} steps/s");
}
internal sealed record S(int N, int To, string Pad);
internal sealed record P(int CountTo);
internal sealed class CountEngine : Engine<S> {
  public override string EngineId => "count";
  protected override S Init(WorkItem item) => new(0, item.PayloadAs<P>().CountTo, new string('x',180));
  protected override Task<Outcome> StepAsync(S s, StepContext c) { s = s with { N = s.N+1 }; return Task.FromResult(s.N >= s.To ? Done(s) : Continue(s)); }
}

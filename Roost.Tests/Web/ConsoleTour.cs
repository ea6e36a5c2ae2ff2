using Roost.AspNetCore;
using Roost.AspNetCore.Pages;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>Every page of the console, on a file in which everything is many and long: what a test of all pages goes through.</summary>
internal sealed class ConsoleTour : IAsyncDisposable
{
    private const string Big = "window-item", Failed = "failed-item", Parent = "parent-item", Deep = "deep-item";
    private const string Waiting = "waiting-item", Asking = "asking-item", Tree = "tree-item", Saying = "saying-item";
    private static readonly string Long = string.Concat(Enumerable.Repeat("A long text, as one comes from a service that explains itself at length. ", 60));

    /// <summary>The addresses to look at, by page. A test fails where a page of the console has none.</summary>
    public static readonly IReadOnlyDictionary<Type, string[]> Addresses = new Dictionary<Type, string[]>
    {
        [typeof(Overview)] = ["/"],
        [typeof(WorkList)] =
        [
            "/work", "/work?q=nothing-is-called-so", $"/work?parent={Parent}", "/work?state=failed", "/work?state=waiting", "/work?paused=yes",
        ],
        [typeof(WorkItemPage)] =
        [
            $"/work/item?id={Big}",
            $"/work/item?id={Big}&from=1&to=30",
            $"/work/item?id={Failed}",
            $"/work/item?id={Deep}",
            $"/work/item?id={Parent}",
            $"/work/item?id={Waiting}",
            $"/work/item?id={Asking}",
            $"/work/item?id={Saying}",
        ],
        [typeof(TreePage)] = [$"/work/tree?id={Tree}", $"/work/tree?id={Parent}", $"/work/tree?id={Failed}"],
        [typeof(Inbox)] = ["/inbox", "/inbox?for=nobody&engine=nothing"],
        [typeof(AskPage)] = ["/inbox/question?id=ask-open", "/inbox/question?id=ask-answered", "/inbox/question?id=ask-withdrawn"],
        [typeof(ArtifactPage)] = [$"/work/item/artifact?id={Big}&name=report.json", $"/work/item/artifact?id={Big}&name=log.txt"],
        [typeof(DeadLetters)] = ["/dead-letters", "/dead-letters?all=1"],
        [typeof(Events)] = ["/events", "/events?kind=failed", "/events?kind=worker_lost", "/events?kind=signal", "/events?no=1", $"/events?id={Big}"],
        [typeof(Resources)] = ["/resources"],
        [typeof(Roost.AspNetCore.Pages.Artifacts)] = ["/artifacts", "/artifacts?name=nothing"],
        [typeof(Engines)] = ["/engines", "/engines?after=nobody"],
        [typeof(SystemPage)] = ["/system", "/system?check=quick"],
        [typeof(Problem)] = ["/nowhere"],
    };

    private readonly CancellationTokenSource stop;
    private readonly Task worker;

    private ConsoleTour(ConsoleHost host, CancellationTokenSource stop, Task worker) => (Host, this.stop, this.worker) = (host, stop, worker);

    public ConsoleHost Host { get; }

    /// <summary>All pages that there are.</summary>
    public static IEnumerable<Type> Pages =>
        typeof(ConsolePage).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ConsolePage)) && type.Namespace == typeof(Overview).Namespace);

    public static async Task<ConsoleTour> StartAsync()
    {
        var probe = new ConsoleEngine();
        ConsoleHost host = await ConsoleHost.StartAsync(null, probe, new WindowEngine(), new WaitingEngine(), new AskingEngine(), new SayingEngine());
        RoostRuntime roost = host.Roost;
        await roost.EnqueueAsync([
            new WorkItem(
                "window",
                new
                {
                    topics = Enumerable.Range(0, 30).Select(i => $"topic {i}: {Long[..150]}"),
                    settings = Enumerable.Range(0, 30).ToDictionary(i => $"setting_{i}", _ => Long[..300]),
                    text = Long,
                }
            )
            {
                Id = Big,
            },
            new WorkItem("probe", new { what = "fail " + Long }) { Id = Failed, MaxAttempts = 1 },
            new WorkItem("probe", new { what = "deep " + Long }) { Id = Deep, MaxAttempts = 1 },
            new WorkItem("probe", new { what = "wait" }) { Id = Parent },
            new WorkItem("waiting") { Id = Waiting },
            new WorkItem("saying") { Id = Saying },
            new WorkItem("probe", new { what = "wait" }) { Id = Tree, ParentId = Parent },
            new WorkItem("window", new { topics = "few" }) { Id = "of-the-tree", ParentId = Tree },
            .. ((string[])["fail " + Long, "wait", "fail"]).Select(what => new WorkItem("probe", new { what }) { ParentId = "of-the-tree", MaxAttempts = 2 }),
            new WorkItem("waiting") { ParentId = Tree }, new WorkItem("asking") { ParentId = Tree },
            new WorkItem("nobody", new { what = "late" }) { ParentId = Tree, Delay = TimeSpan.FromHours(1) },
            .. Enumerable.Range(0, 10).Select(i =>
                new WorkItem("probe", new { what = "wait" }) { Id = $"level-{i}", ParentId = i == 0 ? Tree : $"level-{i - 1}" }),
            .. Enumerable.Range(0, 12).Select(i => new WorkItem("asking") { Id = i == 0 ? Asking : $"{Asking}-{i}" }),
            .. Enumerable
                .Range(0, 80)
                .Select(i => new WorkItem("probe", new { what = $"fail {(char)('A' + i % 26)}{(char)('a' + i / 26)} {Long}" }) { MaxAttempts = 1 }),
            .. Enumerable
                .Range(0, 40)
                .Select(i => new WorkItem("probe", new { what = "wait" })
                {
                    Resources = [$"domain:{i}.example.com/{new string('p', 40)}"],
                    ResourceHold = ResourceHold.Life,
                    ParentId = Parent,
                }),
        ]);
        await roost.RunUntilIdleAsync();
        await AnswerAsync(roost);
        await roost.SignalAsync(Waiting, WaitingEngine.Last);
        await roost.RunUntilIdleAsync();
        for (int i = 0; i < 20; i++)
        {
            var payload = new { i, Long, api_key = "sk-hidden", rows = Enumerable.Range(0, 40) };
            await roost.SignalAsync(Waiting, $"other {i} {Long[..200]}", payload, $"id {i} {Long[..200]}");
        }
        await roost.EnqueueAsync([
            .. Enumerable
                .Range(0, 30)
                .SelectMany(engine =>
                    Enumerable.Range(0, 10).Select(queue => new WorkItem($"engine-that-nobody-serves-{engine}") { Queue = $"queue-{queue}" })
                ),
            new WorkItem("an-engine-with-a-name-that-is-as-long-as-names-may-be-" + new string('x', 100)),
            new WorkItem("nobody") { Resources = [$"domain:0.example.com/{new string('p', 40)}"] },
            .. Enumerable.Range(0, 40).Select(_ => new WorkItem("probe", new { what = "hold" })),
        ]);
        roost.Execute(
            "UPDATE roost_event SET data = json_object('a', $0, 'b', $0, 'c', $0) WHERE kind = 'step_failed' OR seq % 3 = 0 AND kind IN ('stepped', 'claimed')",
            Long[..200]
        );
        var stop = new CancellationTokenSource();
        var tour = new ConsoleTour(host, stop, roost.RunAsync(stop.Token));
        await probe.Held.Task.WaitAsync(TimeSpan.FromMinutes(2));
        PauseTarget[] paused = [PauseTarget.Item(Parent), PauseTarget.Engine("window"), PauseTarget.Queue("queue-3")];
        foreach (PauseTarget target in paused)
            await roost.PauseAsync(target, Long[..900], "someone with a name that is long", DateTimeOffset.UtcNow.AddDays(3));
        await roost.PauseAsync(PauseTarget.File, "A sentence that says why, as a person writes one.", "someone", DateTimeOffset.UtcNow.AddDays(3));
        roost.Execute(
            """
            WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30)
            INSERT INTO roost_worker (
                id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, engines, queues)
            SELECT lower(hex(randomblob(16))), i, 'elsewhere-' || i, 'none-' || i || '.lock', $0, 1, $0, $0 + 3600000, 3600000, 8, '[]', '["default"]' FROM n
            """, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        return tour;
    }

    /// <summary>One question is answered, one withdrawn, and one of each state is called by that: an address is known before the file is made.</summary>
    private static async Task AnswerAsync(RoostRuntime roost)
    {
        IReadOnlyList<AskInfo> asks = (await roost.ListAsksAsync()).Items;
        await roost.AnswerAsync(asks[^1].Id, new { sure = true, where = "here", note = Long }, "someone", Long);
        await roost.WithdrawAskAsync(asks[^2].Id, "someone with a name that is long", Long);
        roost.Execute("UPDATE roost_ask SET id = 'ask-' || state WHERE key IN (SELECT min(key) FROM roost_ask GROUP BY state)");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await worker;
        stop.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>Asks a long question, with an answer of every kind of member.</summary>
    private sealed class AskingEngine : Engine<int>
    {
        private const string Schema =
            """
            {"type":"object","required":["sure","where"],"properties":{"sure":{"type":"boolean"},"where":{"type":"string","maxLength":60},
            "note":{"type":"string","description":"what else is to be known"},"many":{"type":"integer","minimum":1,"maximum":10},
            "day":{"type":"string","format":"date"},
            "size":{"enum":["small","large"]},"colour":{"enum":["red","orange","yellow","green","blue","indigo","violet"]},
            "place":{"type":"object","properties":{"shelf":{"type":"string"},"within":{"type":"object","properties":{"row":{"type":["integer","null"]}}}}},
            "tags":{"type":"array","items":{"type":"string"}},"days":{"type":"array","items":{"enum":["mon","tue","wed"]}},"rest":{"type":"object"}}}
            """;

        public override string EngineId => "asking";

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context)
        {
            if (state > 0) return Task.FromResult(Done(state));
            for (int i = 0; i < 12; i++) context.AddArtifactText($"file-{i}-{new string('n', 80)}.txt", Long);
            string question = $"# Delete **3** files?\n\n{Long[..900]}\n\n- `a/b/{new string('c', 200)}`\n- [one](https://example.com)\n\n> {Long[..200]}\n\n" +
                $"| file | size |\n|---|--:|\n| a | 1 |\n| {new string('x', 120)} | 2 |\n\n```\n{Long[..300]}\n```\n";
            return Task.FromResult(WaitFor(new Wait
            {
                Ask = new Ask(question)
                {
                    For = "people with a long name",
                    Schema = System.Text.Json.JsonElement.Parse(Schema),
                    Artifacts = [.. Enumerable.Range(0, 12).Select(i => $"file-{i}-{new string('n', 80)}.txt")],
                },
                Timeout = TimeSpan.FromDays(3),
            }, 1, "ask"));
        }
    }

    /// <summary>Waits again and again for one of many signals with long names.</summary>
    private sealed class WaitingEngine : Engine<int>
    {
        public const string Last = "signal 19";

        public override string EngineId => "waiting";

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(WaitFor(
            new Wait { Signals = [.. Enumerable.Range(0, 20).Select(i => i == 19 ? Last : $"signal {i} {Long[..200]}")], Timeout = TimeSpan.FromDays(3) },
            state + 1,
            "wait"
        ));
    }

    /// <summary>Says much while it runs, makes effects with long names, and waits.</summary>
    private sealed class SayingEngine : Engine<int>
    {
        public override string EngineId => "saying";

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            context.Report(0.4, Long[..900]);
            foreach (string name in (string[])["tokens", new string('n', 200)]) context.OpenStream(name).Write($"{Long}\n{new string('w', 300)}\n{Long}");
            for (int i = 0; i < 14; i++) await context.OnceAsync($"call {i} {Long[..200]}", _ => Task.FromResult(Long), new() { Arguments = new { Long } });
            return WaitFor("go", state + 1);
        }
    }

    private sealed record WindowState(IReadOnlyList<Message> Messages, string Note);

    private sealed record Message(string Role, string Text);

    /// <summary>Keeps a window of messages, drops the first with each step and adds one, and makes artifacts, and calls within the tree.</summary>
    private sealed class WindowEngine : Engine<WindowState>
    {
        private const int Size = 400, Steps = 30;

        public override string EngineId => "window";

        protected override WindowState Init(WorkItem item) => new([.. Enumerable.Range(0, Size).Select(MessageAt)], Long);

        protected override async Task<Outcome> StepAsync(WindowState state, StepContext context)
        {
            int step = context.Version;
            if (context.Item.Id != Big)
            {
                await context.OnceAsync($"a call with a name that is long {Long[..150]}", _ => Task.FromResult(Long));
                await context.OnceAsync("call", _ => Task.FromResult(step));
            }
            context.AddArtifact("report.json", new { step, Long, rows = Enumerable.Range(0, 60).Select(i => new { i, Long }) });
            context.AddArtifactText("log.txt", string.Join('\n', Enumerable.Range(0, 500).Select(i => $"{i} {Long[..100]}")));
            state = state with { Messages = [.. state.Messages.Skip(1), MessageAt(Size + step)] };
            return step < Steps ? Continue(state, step: "turn") : Done(state);
        }

        private static Message MessageAt(int i) => new(i % 2 == 0 ? "user" : "assistant", $"message {i}: {Long[..120]}");
    }
}

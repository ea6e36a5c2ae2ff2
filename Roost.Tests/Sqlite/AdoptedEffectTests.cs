using Roost.Tests.Support;

namespace Roost.Tests.Sqlite;

/// <summary>A call of which nobody knows keeps its key in a copy that is adopted, and all calls do where the copy takes the place of the original.</summary>
[TestFixture]
internal sealed class AdoptedEffectTests : FolderFixture
{
    [TestCase(false, true)]
    [TestCase(true, true)]
    [TestCase(false, false)]
    [TestCase(true, false)]
    public async Task The_outside_is_asked_by_the_key_that_the_call_was_given(bool restore, bool probes)
    {
        var called = new List<string>();
        var probed = new List<string>();
        string copyPath = folder["copy.db"];
        var gate = new Gate();
        string? before = null, after = null;
        await using (var roost = new RoostRuntime(folder["roost.db"]))
        {
            roost.AddEngine(Engine(isFirst: true, key => before = key));
            await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
            Task running = roost.RunUntilDoneAsync("it");
            await gate.Reached;
            await roost.BackupAsync(copyPath);
            gate.Open();
            await running.Soon();
        }
        if (restore) File.Delete(folder["roost.db"]);
        await using var copy = new RoostRuntime(copyPath);
        copy.AddEngine(Engine(isFirst: false, key => after = key));

        await copy.AdoptAsync("the disk has failed", restore);
        await copy.RunUntilIdleAsync().Soon();

        if (probes) probed.Should().Equal(called[0]);
        else (await copy.ListAsksAsync()).Items.Single().Question.Should().Contain(called[0]);
        called.Should().HaveCount(1);
        if (!probes) return;
        (await copy.GetAsync("it")).Summary.State.Should().Be(WorkState.Done);
        (after == before).Should().Be(restore, "a copy that is a file of its own has keys of its own");

        ScriptedEngine Engine(bool isFirst, Action<string> tell) => new(async (state, context) =>
        {
            await context.OnceAsync("pay", async (key, _) =>
            {
                called.Add(key);
                if (isFirst) await gate.PassAsync();
            }, new()
            {
                Interrupted = !probes ? Effect.Ask : Effect.Probe((key, _) =>
                {
                    probed.Add(key);
                    return Task.FromResult<bool?>(true);
                }),
            });
            tell(context.KeyFor("next"));
            return ScriptedEngine.Finish(state + 1);
        });
    }

    [Test]
    public async Task What_is_there_is_not_replaced()
    {
        string original = folder["roost.db"], copy = folder["copy.db"];
        await using (var roost = new RoostRuntime(original)) await roost.EnqueueAsync(new WorkItem("scripted"));
        File.Copy(original, copy);
        await using var adopted = new RoostRuntime(copy);

        if (OperatingSystem.IsLinux())
            await adopted.Awaiting(it => it.AdoptAsync(restore: true)).Should().ThrowAsync<ConflictException>().WithMessage($"*{original}*still there*");
        await adopted.Awaiting(it => it.AdoptAsync(restore: false)).Should().NotThrowAsync();
    }
}

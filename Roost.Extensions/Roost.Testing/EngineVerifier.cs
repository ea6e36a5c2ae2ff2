using Roost.Testing.Verifying;

namespace Roost.Testing;

/// <summary>
/// Runs an engine through one item under virtual time and tells whether it can stand that its process dies at any step. Each step is tried several times from
/// the same snapshot, at the same time and with the same idempotency key: the first tries are dropped before their commit, one is committed, and another is
/// made by an instance that has run all steps so far. What they bring is compared: outcome, state, artifacts, events, children, signals. HTTP calls are
/// looked at for the step's key. Everything outside is done as often as the steps are tried, so give the engine what a test gives it.
/// </summary>
public static class EngineVerifier
{
    /// <summary>Verifies an engine, and throws where something is found.</summary>
    /// <param name="factory">Makes an engine as a new process would: called for each try, and each is disposed after it.</param>
    /// <param name="item">The item that the engine is run through.</param>
    /// <param name="options">Other engines, signals, answers, and what may differ. Default: all defaults.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>What was run.</returns>
    /// <exception cref="EngineVerificationException">Something was found; its message is the whole account.</exception>
    /// <exception cref="InvalidInputException">The item, the options, or what the engine says of itself breaks a rule.</exception>
    public static async Task<VerificationReport> VerifyAsync(
        Func<IEngine> factory, WorkItem item, VerifierOptions? options = null, CancellationToken cancellationToken = default) =>
        Passed(await CheckAsync(factory, item, options, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Verifies the instance that is given. It makes all tries, so that only what changes from one try to the next is seen of its fields; the report has a note
    /// of that. Prefer a factory.
    /// </summary>
    /// <inheritdoc cref="VerifyAsync(Func{IEngine}, WorkItem, VerifierOptions?, CancellationToken)"/>
    /// <param name="engine">The engine.</param>
    /// <param name="item">The item that the engine is run through.</param>
    /// <param name="options">Other engines, signals, answers, and what may differ. Default: all defaults.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public static async Task<VerificationReport> VerifyAsync(
        IEngine engine, WorkItem item, VerifierOptions? options = null, CancellationToken cancellationToken = default) =>
        Passed(await CheckAsync(engine, item, options, cancellationToken).ConfigureAwait(false));

    /// <summary>The same, and what is found is in the report alone.</summary>
    /// <inheritdoc cref="VerifyAsync(Func{IEngine}, WorkItem, VerifierOptions?, CancellationToken)"/>
    /// <exception cref="InvalidInputException">The item, the options, or what the engine says of itself breaks a rule.</exception>
    public static Task<VerificationReport> CheckAsync(
        Func<IEngine> factory, WorkItem item, VerifierOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return RunAsync(new EngineSource(factory), item, options, cancellationToken);
    }

    /// <summary>The same for the instance that is given, and what is found is in the report alone.</summary>
    /// <inheritdoc cref="VerifyAsync(IEngine, WorkItem, VerifierOptions?, CancellationToken)"/>
    /// <exception cref="InvalidInputException">The item, the options, or what the engine says of itself breaks a rule.</exception>
    public static Task<VerificationReport> CheckAsync(
        IEngine engine, WorkItem item, VerifierOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return RunAsync(new EngineSource(engine), item, options, cancellationToken);
    }

    private static Task<VerificationReport> RunAsync(EngineSource source, WorkItem item, VerifierOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        options ??= new();
        options.Validate();
        // Never on a test framework's synchronisation context.
        return Task.Run(async () =>
        {
            using var run = new Verification(options);
            return await run.RunAsync(source, item, cancellationToken);
        }, CancellationToken.None);
    }

    private static VerificationReport Passed(VerificationReport report) => report.Passed ? report : throw new EngineVerificationException(report);
}

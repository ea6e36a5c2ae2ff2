using System.CommandLine;

namespace Roost.Commands.Input;

/// <summary>Which data file is meant: --db, else a namespace, else ROOST_DB, else ./roost.db. An option is stronger than the environment.</summary>
internal sealed record DatabaseOption(string Path, bool IsNamed)
{
    private const string Default = "roost.db";

    public static DatabaseOption Of(ParseResult parsed) =>
        Of(
            parsed.GetCommon(CommonOptions.Db),
            parsed.GetCommon(CommonOptions.Root),
            parsed.GetCommon(CommonOptions.Namespace),
            Environment.GetEnvironmentVariable
        );

    public static DatabaseOption Of(string? db, string? root, string? name, Func<string, string?> environment)
    {
        if (db is not null && (root is not null || name is not null))
            throw new UsageException("--db is given together with --namespace or --root; give the file, or the root folder and the namespace.");
        if (db is not null)
            return new(Full(db), true);
        string? storedDb = NotEmpty(environment("ROOST_DB")),
            storedName = NotEmpty(environment("ROOST_NAMESPACE")),
            storedRoot = NotEmpty(environment("ROOST_ROOT"));
        if (name is null && root is null && storedDb is not null)
        {
            if (storedName is not null) throw new UsageException("ROOST_DB and ROOST_NAMESPACE are both set; unset one of them, or give --db.");
            return new(Full(storedDb), true);
        }
        name ??= storedName;
        if (name is null)
        {
            if (root is not null) throw new UsageException("--root is given without a namespace; give --namespace, or set ROOST_NAMESPACE.");
            return new(Full(Default), false);
        }
        root ??= storedRoot ?? throw new UsageException("A namespace needs the folder that holds its file; give --root, or set ROOST_ROOT.");
        return new(Namespaces.PathFor(root, name), true);
    }

    private static string Full(string path)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
            throw new UsageException("--db is empty or has a NUL character; name the data file, such as roost.db.");
        return System.IO.Path.GetFullPath(path);
    }

    private static string? NotEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;
}

using System.Net.Mime;
using Microsoft.AspNetCore.Http.HttpResults;
using Roost.Cli.Console.Pages;

namespace Roost.Cli.Console;

/// <summary>Turns what Roost throws into a page with the status that fits.</summary>
internal static class Problems
{
    public static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception error) when (!context.Response.HasStarted && (error is RoostException or BadHttpRequestException))
        {
            context.Response.StatusCode = StatusOf(error);
            context.Response.ContentType = MediaTypeNames.Text.Html;
            await new RazorComponentResult<Problem>(new { error.Message }) { StatusCode = StatusOf(error) }.ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The browser has gone on to another page.
        }
    }

    private static int StatusOf(Exception error) => error switch
    {
        NotFoundException => StatusCodes.Status404NotFound,
        InvalidInputException => StatusCodes.Status400BadRequest,
        ConflictException => StatusCodes.Status409Conflict,
        BadHttpRequestException bad => bad.StatusCode,
        FileBusyException or DiskFullException => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
